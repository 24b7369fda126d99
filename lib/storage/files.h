// The files of a volume over SFTP, served by a helper process that sees nothing but the volume.
#pragma once
#include "base/unique_fd.h"
#include "storage/pool.h"

namespace storage {

struct FileConnection {
  UniqueFd socket;             ///< speaks SFTP
  std::shared_ptr<void> hold;  ///< the mounted volume and the helper: both end with the last reference
};

/// `config`: the volume's. Where its files were shifted for an instance, clients see, and set, owners as the instance does.
/// Errors: invalid (not a file system), not_found. Blocks until the helper is started.
Result<FileConnection> connect_files(const Context& ctx, Pool& pool, const VolumeRef& ref, const StringMap& config);

}  // namespace storage
