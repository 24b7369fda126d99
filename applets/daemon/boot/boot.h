// Start-up and shutdown of the daemon, step by step.
#pragma once
#include <memory>
#include <string>

#include "applets/daemon/daemon.h"

namespace incusd {

struct BootOptions {
  core::Paths paths;
  std::string group;        ///< of the API socket
  std::string socket_path;  ///< empty: <var>/unix.socket
};

/// A running daemon: the API answers when this returns; networks, pools and instances come up in the background (Daemon::ready).
/// Errors: conflict if another daemon runs here; internal.
Result<std::unique_ptr<Daemon>> start_daemon(async::Runtime& runtime, const BootOptions& options);

/// How far a shutdown goes.
enum class Shutdown {
  daemon_only,     ///< instances keep running (upgrade, restart)
  with_instances,  ///< instances are shut down too (the machine goes down, or `admin shutdown`)
};
/// The first half of stopping: no new work, operations (and instances) end. The API still answers. Blocks.
void end_work(const Context& ctx, Daemon& daemon, Shutdown mode);
/// Ends everything; `daemon` may be destroyed after it. `ctx` limits the waiting. Blocks.
void stop_daemon(const Context& ctx, Daemon& daemon, Shutdown mode);

}  // namespace incusd
