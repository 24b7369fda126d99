// File systems of the small guest: what every Linux needs, a root on its disk laid over the one in memory, the config drive.
#pragma once
#include <string>

#include "base/result.h"

namespace guest {

inline constexpr const char* kRootPartition = "incus-guest";    ///< its name in the partition table
inline constexpr const char* kAgentFolder = "/run/incus_agent";  ///< where upstream's agent has its files

/// /proc, /sys, /dev, /run and control groups (version 2).
void mount_basics();

/// What is written goes to the disk's root partition from now on, over the files in memory. Waits up to three seconds for a disk that is there
/// but not read yet. Errors: not_found without such a partition: then all stays in memory.
Result<> enter_root();

/// As enter_root() with a file system of the host's as what lies below (virtiofs), and memory above.
Result<> enter_shared_root(const std::string& tag);

/// Copies what the daemon says to this machine (certificates, names, cloud-init seeds) to kAgentFolder. Errors: not_found without a config drive.
Result<> read_config_drive();

}  // namespace guest
