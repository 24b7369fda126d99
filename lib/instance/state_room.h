// Room for the running state of a virtual machine.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "instance/view.h"

namespace instance {

/// limits.memory where it isn't set, in bytes.
constexpr uint64_t kDefaultMachineMemory = 1ull << 30;

/// May the running state go to its volume: is all of its memory within size.state of the root disk? Nothing to say about containers. Errors: invalid.
Result<> check_state_room(const View& view);

}  // namespace instance
