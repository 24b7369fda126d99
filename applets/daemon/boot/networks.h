// Managed networks at start and end of the daemon.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {

/// Makes the registry; nothing on the host is touched yet.
void open_networks(Daemon& daemon);
/// Brings all networks up; those that fail are tried again every minute. Blocks.
void start_networks(Daemon& daemon);
/// Takes them down: the machine shuts down, and instances have stopped.
void stop_networks(const Context& ctx, Daemon& daemon);

/// Moves the DNS server of network zones to core.dns_address; empty: ends it. Errors: invalid, internal.
Result<> update_dns_listener(Daemon& daemon, const std::string& address);

}  // namespace incusd
