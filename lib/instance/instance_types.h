// Instance types as sizes: "c2-m4" asks for two CPUs and 4 GiB of memory.
#pragma once
#include "base/result.h"
#include "base/strings.h"

namespace instance {

struct InstanceType {
  StringMap config;       ///< limits.cpu, limits.cpu.allowance, limits.memory
  int64_t disk_size = 0;  ///< bytes; 0: not said
};

/// `c<CPUs>`, `m<GiB of memory>` and `d<GiB of disk>`, joined by dashes; fractions are allowed. Errors: invalid.
Result<InstanceType> parse_instance_type(const std::string& text);

}  // namespace instance
