#include "applets/agent/server.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "api/extensions.h"
#include "api/types/server.h"
#include "applets/agent/guest_api.h"
#include "applets/agent/host.h"
#include "applets/agent/sockets.h"
#include "base/log.h"
#include "base/version.h"
#include "core/envelope.h"
#include "http/adopt.h"
#include "http/path_match.h"
#include "http/plain_text.h"
#include "http/status.h"

namespace agent {
namespace {

using http::Method;
using http::Response;

constexpr uint32_t kPort = 8443;
constexpr seconds kReachTime{20};

Result<Response> get_root(Call&) { return core::sync_response(R"(["/1.0"])"); }

Result<Response> get_server(Call&) {
  api::Server out;
  out.api_extensions = api::extensions();
  out.api_status = "stable";
  out.api_version = "1.0";
  out.auth = "trusted";
  out.auth_methods = {"tls"};
  struct utsname names;
  if (uname(&names) != 0) return fail_errno("uname");
  auto& environment = out.environment;
  environment.kernel = names.sysname;
  environment.kernel_architecture = names.machine;
  environment.kernel_version = names.release;
  environment.server = "incus-agent";
  environment.server_name = names.nodename;
  environment.server_pid = getpid();
  environment.server_version = kCompatibleVersion;
  std::string text = api::dump(out);
  return core::sync_response(text, core::etag_of(text));
}

/// The daemon tells how it can be reached: an answer comes only once it was.
Result<Response> put_server(Call& call) {
  auto connection = parse_host_connection(call.request.body);
  if (!connection) return std::unexpected(std::move(connection).error().with_code(Code::internal));
  bool offer = connection->guest_api;
  call.agent.set_host(std::move(*connection));
  auto reached = ask_host(call.ctx.with_timeout(kReachTime), call.agent, Method::get, "/1.0");
  if (!reached) return std::unexpected(std::move(reached).error().with_code(Code::internal));
  if (call.agent.connected) call.agent.connected();
  TRY(call.agent.guest_api->offer(offer));
  return core::sync_response("{}");
}

constexpr Route kServerRoutes[] = {{Method::get, "/1.0", get_server}, {Method::put, "/1.0", put_server}};

/// Nobody needs to show a certificate for this one.
constexpr Route kRoot = {Method::get, "/", get_root};

Response run_route(const Context& ctx, Agent& agent, http::Request& request, const Route& route) {
  if (!route.feature.empty() && !agent.allows(std::string(route.feature))) return core::error_response(403, route.refusal);
  Call call{ctx, agent, request};
  auto response = route.handler(call);
  return response ? std::move(*response) : core::error_response(response.error());
}

http::Plan answer_with(Response response) {
  http::Plan plan;
  plan.inline_ = true;
  plan.run = [kept = std::make_shared<Response>(std::move(response))](const Context&, http::Request&) { return std::move(*kept); };
  return plan;
}

http::Plan plan_request(Agent& agent, const std::string& trusted, http::Request& request) {
  http::RouteMatch<Route> match;
  if (request.path == "/") match = {&kRoot, true};
  for (std::span<const Route> table : {std::span<const Route>(kServerRoutes), exec_routes, operation_routes, stream_routes}) http::match_route(table, request, match);
  auto [found, known] = match;
  if (!known) return answer_with(http::plain_text(404, "404 page not found"));
  if (found != &kRoot && request.peer.fingerprint != trusted) {
    log_error("Not authorized");
    return answer_with(core::error_response(500, "Not authorized"));  // the status that clients of agents know
  }
  if (request.method == Method::head || request.method == Method::options) {
    return answer_with(core::error_response(404, std::format("Method \"{}\" not found", method_name(request.method))));
  }
  if (!found) return answer_with(core::error_response(501, "not implemented"));
  http::Plan plan;
  plan.run = [&agent, found = found](const Context& ctx, http::Request& asked) { return run_route(ctx, agent, asked, *found); };
  return plan;
}

}  // namespace

Result<std::unique_ptr<http::Server>> start_server(Agent& agent) {
  std::string trusted = TRY_CTX(http::certificate_fingerprint(TRY(read_file(agent.secret_path("server.crt")))), "Failed to read client certificate");
  UniqueFd socket = agent.options.socket.empty() ? TRY(listen_vsock(kPort)) : TRY(listen_unix(agent.options.socket, 0600));
  auto server = http::Server::create(agent.runtime, [&agent, trusted](http::Request& request) { return plan_request(agent, trusted, request); });
  TRY_CTX(http::adopt_listener(*server, std::move(socket), {agent.identity.certificate_pem, agent.identity.key_pem}), "Failed to get TLS config");
  return server;
}

}  // namespace agent
