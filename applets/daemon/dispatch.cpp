#include "applets/daemon/dispatch.h"

#include "applets/daemon/daemon.h"
#include "applets/daemon/envelope.h"
#include "applets/daemon/from_memory.h"
#include "applets/daemon/guest/api.h"
#include "base/log.h"

namespace incusd {
namespace {

bool is_internal(std::string_view path) { return path.starts_with("/internal/"); }

/// While shutting down, everything that only looks, and what a shutdown itself needs.
bool allowed_during_shutdown(const Route& route) {
  return route.method == http::Method::get || is_internal(route.path) || route.path == "/1.0" || route.path.starts_with("/1.0/events") ||
         route.path.starts_with("/1.0/operations");
}

/// Internal calls that the command-line client may also make over the network.
bool allowed_remotely(std::string_view path) {
  return path == "/internal/sql" || path == "/internal/recover/import" || path == "/internal/recover/validate";
}

/// The metrics listener has its own address; nothing else is to be had there.
bool on_metrics_listener(const Daemon& daemon, const http::Request& request) {
  return request.peer.transport == http::Peer::Transport::tls && contains(daemon.server->addresses("core.metrics_address"), request.peer.local_address);
}

/// A finished answer; it goes out as soon as the request has been read.
http::Plan finished(http::Response response) {
  http::Plan plan;
  plan.inline_ = true;
  plan.run = [kept = std::make_shared<http::Response>(std::move(response))](const Context&, http::Request&) { return std::move(*kept); };
  return plan;
}

http::Plan fixed_answer(int status, const std::string& message) { return finished(error_response(status, message)); }

}  // namespace

Dispatcher::Dispatcher(Daemon& daemon) : daemon_(daemon), guest_(std::make_unique<GuestApi>(daemon)) {}
Dispatcher::~Dispatcher() = default;

http::Plan Dispatcher::plan(http::Request& request) const {
  if (request.method == http::Method::options) {
    http::Plan plan;
    plan.inline_ = true;
    plan.run = [this](const Context&, http::Request& asked) {
      http::Response response;
      add_cors(asked, response);
      return response;
    };
    return plan;
  }
  // Websockets from other origins are refused by the connection, unless the config names theirs.
  std::string origins = request.headers.has("Origin") ? get_or(*daemon_.config.get(), "core.https_allowed_websocket_origin") : "";
  if (!origins.empty() && contains(split_list(origins), request.headers.get("Origin"))) request.headers.set("Origin", "");
  Router::Match match = router_.match(request.method, request.path);
  bool hidden = request.path != "/1.0/metrics" && request.path != "/1.0" && request.path != "/" && on_metrics_listener(daemon_, request);
  if (!match.known || hidden) return fixed_answer(404, "not found");
  if (!match.route) {
    if (!daemon_.trust.authenticate(request).trusted) return fixed_answer(403, "not authorized");
    return fixed_answer(501, "not implemented");
  }
  request.params = std::move(match.params);
  if (auto response = answer_from_memory(request, *match.route)) return finished(std::move(*response));
  http::Plan plan;
  plan.inline_ = match.route->flags & kInline;
  plan.large_body = match.route->flags & kLargeBody;
  plan.run = [this, route = match.route](const Context& ctx, http::Request& asked) { return answer(ctx, asked, *route); };
  return plan;
}

http::Response Dispatcher::answer(const Context& ctx, http::Request& request, const Route& route) const {
  http::Response response;
  try {
    auto reply = handle(ctx, request, route, route.handler);
    response = reply ? render(std::move(*reply)) : error_response(reply.error());
  } catch (const std::exception& error) {
    // A bug: this request fails, the daemon goes on.
    log_error("Request handler failed", {{"method", std::string(http::method_name(request.method))}, {"path", request.path}, {"err", error.what()}});
    response = error_response(500, error.what());
  }
  if (!is_internal(route.path)) add_cors(request, response);
  return response;
}

std::optional<http::Response> Dispatcher::answer_from_memory(http::Request& request, const Route& route) const {
  Handler handler = handler_from_memory(route);
  if (!handler) return std::nullopt;
  static const Context kEndless;  // nothing here waits
  try {
    auto reply = handle(kEndless, request, route, handler);
    if (!reply) return std::nullopt;
    http::Response response = render(std::move(*reply));
    add_cors(request, response);
    return response;
  } catch (const std::exception&) {
    return std::nullopt;  // the handler meets it too, and answers for it
  }
}

Result<Reply> Dispatcher::handle(const Context& ctx, http::Request& request, const Route& route, Handler handler) const {
  Call call{.ctx = ctx, .request = request, .daemon = daemon_, .identity = daemon_.trust.authenticate(request)};
  const core::Identity& identity = call.identity;
  if (is_internal(route.path) && identity.requestor.protocol != "unix" && !(identity.trusted && allowed_remotely(route.path))) {
    return fail(Code::forbidden, "not authorized");
  }
  bool untrusted_ok = route.access.kind == Access::Kind::untrusted && !request.headers.has("X-Incus-authenticated");
  if (!identity.trusted && !untrusted_ok) return fail(Code::forbidden, "not authorized");
  if (daemon_.stopping && !allowed_during_shutdown(route)) return fail(Code::unavailable, "Incus is shutting down");
  std::string site = request.headers.get("Sec-Fetch-Site");
  if (site == "cross-site" || site == "same-site") return fail(Code::forbidden, "Forbidden Sec-Fetch-Site header value");
  TRY(enter_project(call, route));
  TRY(check_access(call, route));
  if (log_level() <= LogLevel::debug) {
    log_debug("Handling API request", {{"method", std::string(http::method_name(request.method))}, {"url", request.path},
                                       {"username", identity.requestor.username}, {"protocol", identity.requestor.protocol}});
  }
  return handler(call);
}

Result<> Dispatcher::enter_project(Call& call, const Route& route) const {
  std::string asked = call.query("project");
  if (!asked.empty()) call.project = asked;
  if (!(route.flags & kProject) || call.project == "default") return {};
  TRY_CTX(daemon_.projects->get(call.project), "Failed loading project {}", quote(call.project));
  return {};
}

Result<> Dispatcher::check_access(Call& call, const Route& route) const {
  const Access& access = route.access;
  if (access.kind != Access::Kind::entitlement || call.identity.admin) {
    // Administrators pass, but a misspelt entitlement must not go unnoticed.
    if (access.kind == Access::Kind::entitlement) return call.identity.check({std::string(access.object)}, access.entitlement);
    return {};
  }
  if (call.all_projects()) return fail(Code::forbidden, "Certificate is restricted");
  core::AuthObject object{std::string(access.object)};
  if (!access.name_param.empty()) object.name = call.param(std::string(access.name_param));
  object.project = TRY(daemon_.projects->effective(call.project, access.object));
  return call.identity.check(object, access.entitlement);
}

void Dispatcher::add_cors(const http::Request& request, http::Response& response) const {
  auto config = daemon_.config.get();
  auto value = [&](const char* key) { return get_or(*config, key); };
  if (request.headers.has("Origin")) {
    if (!value("core.https_allowed_origin").empty()) response.headers.set("Access-Control-Allow-Origin", value("core.https_allowed_origin"));
    if (!value("core.https_allowed_methods").empty()) response.headers.set("Access-Control-Allow-Methods", value("core.https_allowed_methods"));
    if (!value("core.https_allowed_headers").empty()) response.headers.set("Access-Control-Allow-Headers", value("core.https_allowed_headers"));
  }
  if (is_true(value("core.https_allowed_credentials"))) response.headers.set("Access-Control-Allow-Credentials", "true");
}

}  // namespace incusd
