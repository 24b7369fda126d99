// The trust store as the daemon keeps it: rows of the database, in memory.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {
/// After every change of certificates or of their projects. Errors: internal.
Result<> reload_trust(Daemon& daemon);
}  // namespace incusd
