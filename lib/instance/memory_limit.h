// limits.memory as a number.
#pragma once
#include <string>

#include "base/result.h"

namespace instance {

/// "50%" of all memory, or a size, in bytes. Errors: invalid.
Result<int64_t> parse_memory_limit(const std::string& text);

}  // namespace instance
