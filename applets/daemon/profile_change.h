// What changing a profile means beyond its rows: checks, and the instances that use it.
#pragma once
#include "applets/daemon/daemon.h"
#include "db/profiles.h"

namespace incusd {

/// Keys, values and devices by themselves. Errors: invalid.
Result<> validate_profile(Daemon& daemon, const std::string& project, const api::ProfilePut& put);
/// Checks against limits, restrictions and the root disks of users, stores, and applies to the users.
/// Errors: invalid; internal `The following instances failed to update …` (the change is stored all the same).
Result<> update_profile(const Context& ctx, Daemon& daemon, const db::profiles::Row& current, const api::ProfilePut& put,
                        const core::Requestor& requestor);
/// Instances show the new name.
Result<> profile_renamed(const Context& ctx, Daemon& daemon, const std::string& project, const std::string& name);

}  // namespace incusd
