// Where volumes lie inside a pool and under the state folder: the same for every driver (docs: wire facts, directory layout).
#pragma once
#include <sys/types.h>

#include <span>
#include <string>

#include "core/paths.h"
#include "storage/pool.h"

namespace storage {

/// A volume or snapshot as drivers see it: by its name on disk.
struct Volume {
  VolumeType type = VolumeType::container;
  ContentType content = ContentType::filesystem;
  std::string name;      ///< on disk: "c1", "project_c1", "default_data"
  std::string snapshot;  ///< empty for the volume itself
  StringMap config;

  bool is_snapshot() const { return !snapshot.empty(); }
  bool has_disk() const { return content != ContentType::filesystem; }
};
Volume volume_of(const VolumeRef& ref);

/// Folders of a pool: "containers", "containers-snapshots", …
std::string folder_name(VolumeType type, bool snapshots);
struct BaseFolder {
  const char* name;
  mode_t mode;
};
std::span<const BaseFolder> base_folders();

/// Names inside a pool's root: "containers/c1", "custom-snapshots/default_data/snap0".
std::string relative_path(const Volume& volume);
/// "custom-snapshots/default_data": the folder of a volume's snapshots.
std::string snapshots_path(const Volume& volume);
/// Bytes of a disk when nobody says otherwise.
inline constexpr int64_t kDefaultDisk = int64_t{10} << 30;

/// The file of a block or ISO volume in its folder: "root.img", "root.iso"; empty for file systems.
std::string disk_name(ContentType content);
/// Mode of a new volume's root folder.
mode_t root_mode(const Volume& volume);

std::string pool_path(const core::Paths& paths, const std::string& pool);
/// The links under the state folder that lead to instance volumes: "containers/c1". Empty for types without.
std::string link_path(const core::Paths& paths, const Volume& volume);
std::string snapshots_link_path(const core::Paths& paths, const Volume& volume);

}  // namespace storage
