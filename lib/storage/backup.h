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

/// Where a volume's content lies in the archive: "backup/container", "backup/snapshots/s0", "backup/volume", ….
std::string backup_prefix(VolumeType type, const std::string& snapshot);

/// Adds a volume (or snapshot) that lies in `folder`. Errors: internal, cancelled. Blocks.
Result<> write_volume(const Context& ctx, archive::TarWriter& tar, const VolumeRef& ref, const std::string& folder,
                      const archive::TarWriter::TreeOptions& options = {});

/// Unpacks all trees in one pass over `file`: prefix -> existing folder. Disk images become the folder's root.img or root.iso.
/// Errors: invalid (damaged or hostile archive). Blocks; honours ctx.
Result<> read_volumes(const Context& ctx, int file, const std::map<std::string, std::string>& folders);

}  // namespace storage
