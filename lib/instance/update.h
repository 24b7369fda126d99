// Changing instances: config, devices, profiles, name, project, pool.
#pragma once
#include "instance/manager.h"

namespace instance {

/// Brings the instance to `row` (config, devices, profiles, description, ephemeral, architecture): database, then devices and limits of a
/// running container. `by_user`: validates, and refuses keys that can't change now; else (restore, move) config is taken as it is.
/// Errors: invalid. On an error everything is as before. Blocks.
Result<> update(const Job& job, const InstancePtr& instance, db::instances::Row row, bool by_user);
/// The same; the caller holds the lock.
Result<> update_locked(const Job& job, const InstancePtr& instance, db::instances::Row row, bool by_user);

/// Errors: invalid (it runs, a bad name), conflict.
/// `visible`: the user asked for it, so "rename" templates are due and cloud-init sees a new instance; else it only ends a move.
Result<> rename(const Job& job, const InstancePtr& instance, const std::string& new_name, bool visible = true);

}  // namespace instance
