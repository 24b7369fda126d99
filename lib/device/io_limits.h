// limits.read and limits.write of block devices, as the kernel's io.max wants them (cgroup2).
#pragma once
#include <string>

#include "base/result.h"

namespace device {

/// A rate: bytes per second ("10MB", "1GiB") or operations per second ("500iops").
struct IoLimit {
  int64_t bytes = 0;       ///< 0: none
  int64_t operations = 0;  ///< 0: none
};
/// Empty: no limit. Errors: invalid.
Result<IoLimit> parse_io_limit(const std::string& text);

/// "8:0 rbps=1048576 wiops=500" for a whole disk; empty without limits. Errors: invalid.
Result<std::string> io_max_line(unsigned major, unsigned minor, const std::string& read, const std::string& write);
/// The same line without any limit: "8:0 rbps=max wiops=max".
std::string io_unlimited(const std::string& line);

}  // namespace device
