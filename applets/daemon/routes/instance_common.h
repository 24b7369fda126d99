// What the routes of instances share: finding the instance, operations about it.
#pragma once
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "instance/create.h"
#include "instance/manager.h"

namespace incusd {

/// The instance {name} of the request. Errors: invalid for "instance/snapshot", not_found `Instance not found`.
Result<instance::InstancePtr> find_instance(Call& call);
/// "/1.0/instances/<name>": resources of operations name instances without their project.
std::string instance_path(const std::string& name);
/// For work done while the request waits.
instance::Job job_of(Call& call);

/// Work on one instance as an operation.
using InstanceWork = std::function<Result<>(const instance::Job&)>;
Result<Reply> start_work(Call& call, core::OperationType type, std::map<std::string, StringList> resources, InstanceWork work);
Result<Reply> start_work(Call& call, core::OperationType type, const std::string& name, InstanceWork work);

inline constexpr Access kViewInstance = allow("instance", "can_view", "name");
inline constexpr Access kEditInstance = allow("instance", "can_edit", "name");

}  // namespace incusd
