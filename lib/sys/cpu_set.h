// Sets of CPUs and of memory nodes as Linux writes them. Source: cpuset(7), FORMATS, "List format".
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace sys {

/// "0-2,5" -> {0, 1, 2, 5}. Errors: invalid.
Result<std::vector<int>> parse_cpu_set(const std::string& text);

}  // namespace sys
