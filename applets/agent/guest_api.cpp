#include "applets/agent/guest_api.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "api/json.h"
#include "applets/agent/host.h"
#include "applets/agent/server.h"
#include "applets/agent/sockets.h"
#include "http/path_match.h"
#include "http/plain_text.h"
#include "http/status.h"

namespace agent {
namespace {

using http::Method;
using http::Response;

Response typed(const char* type, std::string body) {
  Response response;
  response.headers.set("Content-Type", type);
  response.body = std::move(body);
  return response;
}
Response json_answer(const Json& value) { return typed("application/json", api::dump_json(value) + "\n"); }
Response text_answer(std::string text) { return typed("application/octet-stream", std::move(text)); }

bool is_guest_key(std::string_view key) { return key.starts_with("user.") || key.starts_with("cloud-init."); }

Result<Json> ask(Call& call, const std::string& path) { return ask_host(call.ctx, call.agent, Method::get, path); }

Result<std::string> as_text(const Json& value) {
  if (!value.is_string()) return fail(Code::internal, "Failed parsing response from host: no text");
  return value.get<std::string>();
}

Result<Response> get_root(Call&) { return json_answer({"/1.0"}); }
Result<Response> get_self(Call& call) { return json_answer(TRY(ask(call, "/1.0"))); }
Result<Response> get_devices(Call& call) { return json_answer(TRY(ask(call, "/1.0/devices"))); }

Result<Response> patch_self(Call& call) {
  TRY(ask_host(call.ctx, call.agent, Method::patch, "/1.0", call.request.body));
  return text_answer("");
}

Result<Response> get_keys(Call& call) {
  Json keys = Json::array();
  for (const Json& key : TRY(ask(call, "/1.0/config"))) {
    std::string path = key.is_string() ? key.get<std::string>() : "";
    if (path.starts_with("/1.0/config/") && is_guest_key(path.substr(12))) keys.push_back(path);
  }
  return json_answer(keys);
}

Result<Response> get_key(Call& call) {
  const std::string& key = call.request.param("key");
  if (!is_guest_key(key)) return fail(Code::forbidden, "not authorized");
  return text_answer(TRY(as_text(TRY(ask(call, "/1.0/config/" + url_escape(key))))));
}

Result<Response> get_metadata(Call& call) { return text_answer(TRY(as_text(TRY(ask(call, "/1.0/meta-data"))))); }

constexpr Route kRoutes[] = {
    {Method::get, "/", get_root},
    {Method::get, "/1.0", get_self},
    {Method::patch, "/1.0", patch_self},
    {Method::get, "/1.0/config", get_keys},
    {Method::get, "/1.0/config/{key}", get_key},
    {Method::get, "/1.0/devices", get_devices},
    {Method::get, "/1.0/events", get_events},
    {Method::get, "/1.0/meta-data", get_metadata},
};

Response answer(const Context& ctx, Agent& agent, http::Request& request) {
  http::RouteMatch<Route> match;
  http::match_route(std::span<const Route>(kRoutes), request, match);
  if (match.route) {
    Call call{ctx, agent, request};
    auto response = match.route->handler(call);
    return response ? std::move(*response) : http::plain_text(http::status_of(response.error().code()), response.error().message());
  }
  if (match.known) return http::plain_text(400, std::format("method {} not allowed", quote(method_name(request.method))));
  return http::plain_text(404, "404 page not found");
}

/// Also under the name that older guests know.
Result<UniqueFd> open_socket(const std::string& folder) {
  std::string own = folder + "/incus";
  if (mkdir(own.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("Failed creating " + own);
  if (symlink(own.c_str(), (folder + "/lxd").c_str()) != 0 && errno != EEXIST) return fail_errno("Failed linking " + folder + "/lxd");
  return listen_unix(own + "/sock", 0600);
}

}  // namespace

GuestApi::~GuestApi() {
  if (server_) server_->stop(milliseconds(0));
}

Result<> GuestApi::offer(bool on) {
  if (!agent_.allows("guestapi")) return {};
  std::lock_guard guard(mutex_);
  if (on == (server_ != nullptr)) return {};
  if (!on) {
    server_->stop(milliseconds(0));
    server_.reset();
    (void)unlink((agent_.options.device_folder + "/incus/sock").c_str());  // gone already is as good
    return {};
  }
  UniqueFd socket = TRY(open_socket(agent_.options.device_folder));
  server_ = http::Server::create(agent_.runtime, [&agent = agent_](http::Request&) {
    http::Plan plan;
    plan.run = [&agent](const Context& ctx, http::Request& request) { return answer(ctx, agent, request); };
    return plan;
  });
  return server_->listen_unix(socket.release(), http::Peer::Transport::guest);
}

}  // namespace agent
