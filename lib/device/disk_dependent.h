// Custom volumes that belong to one instance (`dependent=true`): snapshotted, copied and deleted with it.
#pragma once
#include "db/volumes.h"
#include "device/services.h"

namespace device {

/// May the instance's disk `config` mean this volume? Errors: invalid: another instance has it for its own, or its config speaks against it.
Result<> check_dependent(Services& services, Host& host, const StringMap& config, const db::volumes::Row& volume);
/// The volume's `dependent` key follows the disk's; a volume that becomes dependent gets a snapshot for each of the instance's.
/// A volume that is missing is no error. Errors: invalid (it has snapshots the instance has not). Blocks.
Result<> follow_dependent(const Context& ctx, Services& services, Host& host, const StringMap& config);

}  // namespace device
