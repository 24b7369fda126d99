// backup.yaml in the volume of an instance: its whole description, for recovery when the database is lost, and for exports.
#pragma once
#include "instance/object.h"

namespace instance {

/// {container, snapshots, pool, profiles, volume, volume_snapshots}: the description as one document.
Result<Json> describe(const InstancePtr& instance);
/// Writes it to <volume>/backup.yaml. Errors: of the mount; the caller may go on. Blocks.
Result<> write_backup_file(const Context& ctx, const InstancePtr& instance);

}  // namespace instance
