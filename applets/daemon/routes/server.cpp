// GET / and the server itself: /1.0.
#include "api/types/server.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "applets/daemon/server_config.h"
#include "applets/daemon/server_info.h"

namespace incusd {
namespace {

Result<Reply> list_versions(Call&) { return ok(R"(["/1.0"])"); }

Result<Reply> get_server(Call& call) {
  const core::Identity& identity = call.identity;
  if (identity.trusted) TRY(identity.check({.type = "server", .project = {}, .name = {}}, "can_view"));
  std::string project = call.query("project");
  std::string json = TRY(call.daemon.info->render(identity, project.empty() ? "default" : project));
  return ok(std::move(json), identity.trusted ? call.daemon.info->etag() : "");
}

Result<Reply> change_server(Call& call, bool patch) {
  auto put = TRY(call.body<api::ServerPut>());
  TRY(call.check_etag(call.daemon.info->etag()));
  TRY(update_server_config(call.daemon, put.config, patch));
  call.daemon.events.lifecycle("default", "config-updated", "/1.0", call.identity.requestor);
  return ok();
}

Result<Reply> put_server(Call& call) { return change_server(call, false); }
Result<Reply> patch_server(Call& call) { return change_server(call, true); }

constexpr Route kRoutes[] = {
    {http::Method::get, "/", kUntrusted, kInline, list_versions, "API versions"},
    {http::Method::get, "/1.0", kUntrusted, kInline, get_server, "The server, its environment and configuration"},
    {http::Method::put, "/1.0", allow("server", "can_edit"), kNoFlags, put_server, "Replace the server configuration"},
    {http::Method::patch, "/1.0", allow("server", "can_edit"), kNoFlags, patch_server, "Change some server configuration keys"},
};

}  // namespace

extern const Routes server_routes = kRoutes;

}  // namespace incusd
