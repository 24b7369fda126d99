// Routes whose answers often lie finished in memory: those are given on the I/O thread, without the way through a worker.
#pragma once
#include "applets/daemon/route.h"

namespace incusd {

/// What to try before the handler of `route`: it never blocks, and any error of its means that the handler must do the work.
/// Null for routes without one.
Handler handler_from_memory(const Route& route);

}  // namespace incusd
