// What a killed daemon's unfinished start of a container left running.
#pragma once
#include "base/context.h"
#include "instance/lxc/container.h"

namespace instance::lxc {

/// Waits for the helper that starts the container, if one is still at it, then ends whatever came of it. Nobody was told of that start.
/// Blocks until its processes are gone, for some seconds at most; what stays is logged.
void end_leftover(const Context& ctx, const ContainerPaths& paths);

}  // namespace instance::lxc
