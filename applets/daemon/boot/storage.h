// Images and storage pools at the daemon's start.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {

/// Mounts all pools; those that fail leave a warning and are tried again when they are used. Blocks.
void start_storage(Daemon& daemon);

}  // namespace incusd
