// Finding volumes on a pool that the database knows nothing of: after the database was lost, or a pool came from another machine.
#pragma once
#include <vector>

#include "api/json.h"
#include "storage/pool.h"

namespace storage {

struct UnknownVolume {
  VolumeRef ref;
  StringList snapshots;  ///< as found on disk, oldest name first
  Json backup;           ///< backup.yaml of instances; null for custom volumes
};

/// Errors: invalid (an instance without a readable backup.yaml), internal. Blocks.
Result<std::vector<UnknownVolume>> find_unknown(const Context& ctx, const core::Paths& paths, db::Database& global, const std::string& pool);

}  // namespace storage
