// The keys of disks.
#pragma once
#include "config/net_checks.h"
#include "device/device.h"
#include "device/disk_machine.h"

namespace device {
namespace disk_checks {

inline Result<> bus(std::string_view v) { return config::one_of(v, {"auto", "nvme", "virtio-blk", "virtio-scsi", "usb", "9p", "virtiofs"}); }
inline Result<> cache(std::string_view v) { return config::one_of(v, {"none", "metadata", "writeback", "unsafe"}); }
inline Result<> propagation(std::string_view value) {
  constexpr std::string_view kValid[] = {"private", "shared", "slave", "unbindable", "rshared", "rslave", "runbindable", "rprivate"};
  for (std::string_view valid : kValid)
    if (valid == value) return {};
  return fail(Code::invalid, "Invalid propagation value. Must be one of: private, shared, slave, unbindable, rshared, rslave, runbindable, rprivate");
}

inline Result<> priority(std::string_view value) {
  auto number = parse_uint(value);
  return number && *number <= UINT32_MAX ? Result<>() : fail(Code::invalid, "Invalid value for uint32 {}", quote(value));
}

}  // namespace disk_checks

inline constexpr config::Key kDiskKeys[] = {
    {.name = "attached", .group = "disk", .type = config::Type::boolean, .def = "true", .required = "no", .summary = "VMs only: whether the medium is in the drive"},
    {.name = "boot.priority", .group = "disk", .type = config::Type::integer, .required = "no", .summary = "VMs only: rank among the devices to boot from, highest first", .check = disk_checks::priority},
    {.name = "ceph.cluster_name", .group = "disk", .def = "ceph", .required = "no", .summary = "Name of the Ceph cluster"},
    {.name = "ceph.user_name", .group = "disk", .def = "admin", .required = "no", .summary = "User of the Ceph cluster"},
    {.name = "dependent", .group = "disk", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "The volume is snapshotted, copied and deleted with the instance"},
    {.name = "initial.*", .group = "disk", .required = "no", .summary = "Config of the volume at its creation"},
    {.name = "io.bus", .group = "disk", .def = "virtio-scsi for block, auto for file system", .required = "no", .summary = "VMs only: bus the disk is on", .check = disk_checks::bus},
    {.name = "io.cache", .group = "disk", .def = "none", .required = "no", .summary = "VMs only: how the host caches the disk", .check = disk_checks::cache},
    {.name = "limits.max", .group = "disk", .required = "no", .summary = "Limit for reading and writing, in byte/s or iops"},
    {.name = "limits.read", .group = "disk", .required = "no", .summary = "Limit for reading, in byte/s or iops"},
    {.name = "limits.write", .group = "disk", .required = "no", .summary = "Limit for writing, in byte/s or iops"},
    {.name = "optional", .group = "disk", .type = config::Type::boolean, .required = "no", .summary = "Older opposite of required"},
    {.name = "path", .group = "disk", .required = "", .summary = "Where the disk is in the instance"},
    {.name = "pool", .group = "disk", .required = "no", .summary = "Storage pool of the volume"},
    {.name = "propagation", .group = "disk", .required = "no", .summary = "How mounts below the path spread between host and instance", .check = disk_checks::propagation},
    {.name = "raw.mount.options", .group = "disk", .required = "no", .summary = "Options for the file system"},
    {.name = "readonly", .group = "disk", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Refuse writing"},
    {.name = "recursive", .group = "disk", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Take along what is mounted below the source"},
    {.name = "required", .group = "disk", .type = config::Type::boolean, .def = "true", .required = "no", .summary = "Refuse starting without the source"},
    {.name = "shift", .group = "disk", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Show owners as if the files belonged to ids of the instance"},
    {.name = "size", .group = "disk", .type = config::Type::size, .required = "no", .summary = "Quota of the root disk, or size of a tmpfs"},
    {.name = "size.state", .group = "disk", .type = config::Type::size, .required = "no", .summary = "Quota of the volume that keeps the running state"},
    {.name = "source", .group = "disk", .required = "", .summary = "Path on the host, or name of the volume"},
    {.name = "wwn", .group = "disk", .required = "no", .summary = "VMs only: World Wide Name of the disk", .check = is_wwn},
};

}  // namespace device
