// Which host ids an instance's ids are, and bringing its files in line with that.
#pragma once
#include "instance/object.h"
#include "sys/idmap.h"

namespace instance {

/// The map the next start uses; for privileged instances empty. Errors: invalid (raw.idmap), internal (no ids left).
Result<sys::IdMapChoice> choose_map(Manager& manager, int64_t instance_id, const StringMap& expanded_config);
/// volatile.idmap.next and volatile.idmap.base for that choice.
StringMap map_keys(const sys::IdMapChoice& choice);

struct RootOwnership {
  sys::IdMap map;          ///< in use from now on
  bool idmapped = false;   ///< by mounting the root file system with the map; else its files belong to the mapped ids
};
/// Before a start, with the volume mounted: uses an idmapped mount where the file system can, else rewrites the owners of all files.
/// Keeps volatile.idmap.* and volatile.last_state.idmap current. Errors: invalid (security.protection.shift), internal. Blocks.
Result<RootOwnership> prepare_ownership(const Job& job, const InstancePtr& instance, const std::string& rootfs);

}  // namespace instance
