// States of an operation, with the API's numbers and words.
#pragma once
#include <string_view>

namespace core {

enum class State : int { pending = 105, running = 103, cancelling = 104, success = 200, failure = 400, cancelled = 401 };

constexpr bool is_final(State state) { return static_cast<int>(state) >= 200; }

constexpr std::string_view state_name(State state) {
  switch (state) {
    case State::pending: return "Pending";
    case State::running: return "Running";
    case State::cancelling: return "Cancelling";
    case State::success: return "Success";
    case State::failure: return "Failure";
    case State::cancelled: return "Cancelled";
  }
  return "";
}

}  // namespace core
