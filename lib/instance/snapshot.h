// Snapshots of instances: making, restoring, renaming, expiring, and the schedule.
#pragma once
#include "instance/manager.h"

namespace instance {

/// The name the pattern gives next: snapshots.pattern, else "snap%d". Errors: invalid (a broken pattern).
Result<std::string> next_snapshot_name(const InstancePtr& instance);
/// What snapshots.expiry (or .manual for those made by hand) gives from now on; zero: never.
Result<Timestamp> snapshot_expiry(const View& view, bool manual);

/// Errors: conflict (`Snapshot "x" already exists`), those of the pool. `stateful`: with the running state; invalid where that can't be had. Blocks.
Result<> create_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, Timestamp expires, bool stateful = false);
struct RestoreOptions {
  bool stateful = false;
  bool disk_only = false;  ///< leave config and devices as they are
};
/// A running instance is stopped and started again. Errors: not_found. Blocks.
Result<> restore(const Job& job, const InstancePtr& instance, const std::string& snapshot, const RestoreOptions& options);
Result<> remove_snapshot(const Job& job, const InstancePtr& instance, const std::string& name);
Result<> rename_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, const std::string& new_name);
Result<> update_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, Timestamp expires);
/// Bytes the snapshot itself occupies, -1 where the pool can't tell.
int64_t snapshot_size(const InstancePtr& instance, const std::string& name);

/// Called each minute: scheduled snapshots that are due, and expired ones. Errors are logged. Blocks.
void run_snapshot_schedule(const Context& ctx, Manager& manager, Timestamp now);
void remove_expired_snapshots(const Context& ctx, Manager& manager, Timestamp now);
/// Before a start, where the schedule has @startup.
Result<> startup_snapshot(const Job& job, const InstancePtr& instance);

}  // namespace instance
