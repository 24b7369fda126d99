// The version this program is compatible with: clients compare it, so it is the one whose behaviour is followed.
#pragma once
#include <string_view>

namespace incusd {
inline constexpr std::string_view kVersion = "7.0.2";
}
