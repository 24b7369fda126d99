// The backup format: a tar with backup/index.yaml first, then the trees of snapshots and of the volume itself (wire facts: backups).
#pragma once
#include <map>
#include <string>

#include "api/json.h"
#include "archive/tar_writer.h"
#include "storage/pool.h"

namespace storage {

struct BackupIndex {
  std::string name;
  std::string backend;  ///< driver it was made on
  std::string pool;
  StringList snapshots;
  bool optimized = false;
  std::string type = "container";  ///< "container", "virtual-machine", "custom", "bucket"
  Json config;                     ///< the object's description, as in backup.yaml
};

Result<> write_index(archive::TarWriter& tar, const BackupIndex& index);
/// The index of the backup in `file` (read from its beginning). Errors: invalid. Blocks.
Result<BackupIndex> read_index(const Context& ctx, int file);

/// Volumes of an instance's disks lie below "backup/<device>", the volume a backup is of below this.
inline const std::string kBackupRoot = "backup";
/// Where a volume's content lies in the archive: "backup/container", "backup/snapshots/s0", "backup/volume", ….
std::string backup_prefix(VolumeType type, const std::string& snapshot, const std::string& root = kBackupRoot);

/// Adds a volume (or snapshot) that lies in `folder`. Errors: internal, cancelled. Blocks.
Result<> write_volume(const Context& ctx, archive::TarWriter& tar, const VolumeRef& ref, const std::string& folder,
                      const archive::TarWriter::TreeOptions& options = {}, const std::string& root = kBackupRoot);

/// Unpacks all trees in one pass over `file`: prefix -> existing folder. Disk images become the folder's root.img or root.iso.
/// Errors: invalid (damaged or hostile archive). Blocks; honours ctx.
Result<> read_volumes(const Context& ctx, int file, const std::map<std::string, std::string>& folders);

/// Makes a custom volume and its snapshots from the archive, all or nothing. `description` has {volume, volume_snapshots} as the index
/// does; snapshots it says nothing about get fresh dates. Errors: conflict, invalid. Blocks.
Result<> restore_volume(const Context& ctx, Pool& pool, const VolumeRef& ref, const Json& description, const StringList& snapshots, int file,
                        const std::string& root = kBackupRoot);

}  // namespace storage
