// Calls between the programs of one server: readiness, shutdown, SQL.
#include "applets/daemon/boot/boot.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"

namespace incusd {
namespace {

Result<Reply> get_ready(Call& call) {
  if (call.daemon.stopping) return fail(Code::unavailable, "Daemon is shutting down");
  if (!call.daemon.ready) return fail(Code::unavailable, "Daemon not ready yet");
  return ok();
}

/// Answers once instances and operations have ended; the process ends right after the answer.
Result<Reply> shut_down(Call& call) {
  if (call.daemon.stopping) return fail(Code::unavailable, "Shutdown already in progress");
  bool force = is_true(call.query("force"));
  end_work(force ? Context().with_timeout(seconds(0)) : Context(), call.daemon, Shutdown::with_instances);
  call.daemon.request_end();
  return ok();
}

constexpr Access kEdit = allow("server", "can_edit");
constexpr Route kRoutes[] = {
    {http::Method::get, "/internal/ready", kEdit, kInline, get_ready, "Is start-up done?"},
    {http::Method::put, "/internal/shutdown", kEdit, kNoFlags, shut_down, "Shut down instances and the daemon"},
};

}  // namespace

extern const Routes internal_routes = kRoutes;

}  // namespace incusd
