// Deleting instances.
#pragma once
#include "instance/manager.h"

namespace instance {

/// Volume, snapshots, devices, rows, folders. Errors: invalid (it runs), forbidden-like invalid (`Instance is protected from being deleted`)
/// unless `force`. Blocks.
Result<> remove(const Job& job, const InstancePtr& instance, bool force);

}  // namespace instance
