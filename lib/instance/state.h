// The running state of a container: cgroup files and netlink, read from outside within short limits.
#pragma once
#include "instance/object.h"

namespace instance {

/// Never waits for the guest. `disk`: also ask the storage pool for the space used (may block).
api::InstanceState state_of(const Context& ctx, Instance& instance, bool disk);

}  // namespace instance
