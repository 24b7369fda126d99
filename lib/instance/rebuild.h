// Rebuilding an instance: a new root file system under the old name and config.
#pragma once
#include "db/images.h"
#include "instance/manager.h"

namespace instance {

/// From the image, or empty without one. Errors: invalid (it runs, or has snapshots), those of the pool. Blocks.
Result<> rebuild(const Job& job, const InstancePtr& instance, const std::optional<db::images::Row>& image);

}  // namespace instance
