// Custom volumes that belong to an instance (disks with dependent=true): they are snapshotted, restored, copied and deleted with it.
#pragma once
#include "base/reverter.h"
#include "db/volumes.h"
#include "instance/manager.h"

namespace instance {

/// One such disk: its device and the volume it means.
struct Dependent {
  std::string device;
  std::string pool;
  storage::VolumeRef volume;
};
/// By the name of the device. Errors: internal (project gone).
Result<std::vector<Dependent>> dependents_of(Services& services, const std::string& project, const api::DevicesMap& devices);
/// The volume's row, which says its content type. Errors: not_found.
Result<db::volumes::Row> row_of(Services& services, const Dependent& dependent);

/// A snapshot of each under the instance's snapshot's name; all or none. Blocks.
Result<> snapshot_dependents(const Context& ctx, Services& services, const View& view, const std::string& name, Timestamp expires);
/// Missing snapshots are no error.
Result<> remove_dependent_snapshots(const Context& ctx, Services& services, const View& view, const std::string& name);
Result<> rename_dependent_snapshots(const Context& ctx, Services& services, const View& view, const std::string& name, const std::string& new_name);
/// Errors: invalid unless `name` is the newest snapshot of an instance with such disks.
Result<> check_dependents_restorable(Services& services, const View& view, const std::string& name);
Result<> restore_dependents(const Context& ctx, Services& services, const View& view, const std::string& name);
Result<> remove_dependents(const Context& ctx, Services& services, const View& view);

/// Copies the volumes of `source` to where the same devices of `target` point. The disks that are not overridden there are refused:
/// two instances would have one volume. `undo` removes the copies. Blocks.
/// `snapshot`: copy that one's content; empty: what is there now, with snapshots where asked.
Result<> copy_dependents(const Context& ctx, Services& services, const View& source, const std::string& snapshot, const db::instances::Row& target, bool snapshots,
                         Reverter& undo);
/// Brings the volumes of the target's disks up to those of the same devices of the source. Blocks.
Result<> refresh_dependents(const Context& ctx, Services& services, const View& source, const View& target, bool snapshots);

}  // namespace instance
