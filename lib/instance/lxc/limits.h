// limits.* keys as control group settings.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"

namespace instance::lxc {

/// `file` is a cgroup2 file ("memory.max").
struct CgroupSetting {
  std::string file;
  std::string value;
  bool optional = false;  ///< a kernel without the file is fine
  friend bool operator==(const CgroupSetting&, const CgroupSetting&) = default;
};

/// What the config asks for, as far as `supported` says the controller is usable. With `reset`, limits that aren't set are put
/// back to the kernel's defaults (for live changes). Errors: invalid values.
Result<std::vector<CgroupSetting>> cgroup_settings(const StringMap& config, bool reset, bool (*supported)(const std::string&));

/// cpu.weight and cpu.max of limits.cpu.allowance and limits.cpu.priority.
struct CpuLimits {
  int64_t weight = 100;
  int64_t quota = -1;   ///< microseconds; -1: none
  int64_t period = -1;
};
Result<CpuLimits> parse_cpu_limits(const std::string& allowance, const std::string& priority);

}  // namespace instance::lxc
