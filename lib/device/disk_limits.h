// limits.read, limits.write and limits.max of disks: how fast a container may use the block device below.
#pragma once
#include "device/device.h"

namespace device {

/// The setting for io.max of the disk whose files are at `path`; empty without limits. `everything`: name unset limits too, so that earlier ones end.
/// Errors: invalid (values; the file system is on no block device; the host's control groups can't limit I/O).
Result<std::string> disk_limits(const StringMap& config, const std::string& path, bool everything = false);

/// Makes changed limits count in a running container. Errors: as above, internal (the kernel refuses).
Result<> change_disk_limits(const Host& host, const StringMap& old, const StringMap& config, const std::string& path);

}  // namespace device
