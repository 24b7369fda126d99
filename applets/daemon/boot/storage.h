// Images and storage pools at the daemon's start.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {

/// Makes both registries; nothing on disk is touched yet.
void open_storage(Daemon& daemon);
/// Mounts all pools; those that fail leave a warning and are tried again when they are used. Blocks.
void start_storage(Daemon& daemon);

}  // namespace incusd
