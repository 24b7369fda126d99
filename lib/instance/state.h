// The running state of an instance, read within short limits.
#pragma once
#include "instance/object.h"

namespace instance {

/// Waits for no guest longer than a short bound. `disk`: also ask the storage pool for the space used (may block).
api::InstanceState state_of(const Context& ctx, Instance& instance, bool disk);

}  // namespace instance
