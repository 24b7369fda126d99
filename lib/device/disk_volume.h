// Custom storage volumes as disks of instances.
#pragma once
#include "base/unique_fd.h"
#include "db/volumes.h"
#include "device/services.h"
#include "storage/pool.h"

namespace device {

/// A "source" that names a volume: "vol", "vol/snapshot-less/sub/path".
struct VolumeSource {
  std::string volume;
  std::string path;  ///< inside the volume; empty: all of it
};
VolumeSource split_volume_source(const std::string& source);

/// Opens (O_PATH) a folder or file inside a mounted volume; missing folders are made with initial.uid, .gid and .mode of `config`.
/// Errors: invalid where the path leads out of the volume.
Result<UniqueFd> open_sub_path(Host& host, const StringMap& config, const db::volumes::Row& volume, const std::string& root, const std::string& path);
/// Opens a path of the host (O_PATH); in restricted projects only beneath the folders that restricted.devices.disk.paths allows.
/// An empty descriptor: it does not exist.
Result<UniqueFd> open_host_path(Services& services, Host& host, const StringMap& config, const std::string& path);

/// The volume's row. Errors: not_found, those of the pool.
Result<db::volumes::Row> load_custom_volume(Services& services, const std::string& project, const std::string& pool, const std::string& name);
/// Mounts it, with its files owned as the instance needs them (volatile.idmap.* of the volume are kept current).
/// `in_use`: does another instance have the volume with that row id just now?
/// Errors: conflict if one with another id map uses it. Blocks.
Result<storage::Mounted> mount_custom_volume(const Context& ctx, Services& services, Host& host, const std::string& pool, const std::string& name,
                                             const std::function<bool(int64_t)>& in_use);

}  // namespace device
