#include "applets/daemon/guest/api.h"

#include <unistd.h>

#include "applets/daemon/boot/unix_socket.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/guest/caller.h"
#include "applets/daemon/routes/image_common.h"
#include "http/path_match.h"
#include "http/status.h"

namespace incusd {
namespace {

using http::Method;

http::Response text_answer(std::string text) {
  http::Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.body = std::move(text);
  return response;
}

http::Response json_answer(const Json& value) {
  http::Response response;
  response.headers.set("Content-Type", "application/json");
  response.body = api::dump_json(value) + "\n";
  return response;
}

http::Response error_answer(int status, const std::string& message) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.body = message + "\n";
  return response;
}

/// Keys that a guest may see.
bool is_guest_key(std::string_view key) { return key.starts_with("user.") || key.starts_with("cloud-init."); }

Result<http::Response> get_root(GuestCall&) { return json_answer({"/1.0"}); }

Result<http::Response> get_state(GuestCall& call) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  bool ready = is_true(call.instance->volatile_get("volatile.last_state.ready"));
  return json_answer({{"state", ready ? "Ready" : "Started"}, {"api_version", "1.0"}, {"instance_type", "container"}, {"location", host}});
}

Result<http::Response> patch_state(GuestCall& call) {
  Json body = TRY(api::parse_json(call.request.body));
  std::string state = body.is_object() && body.contains("state") && body["state"].is_string() ? body["state"].get<std::string>() : "";
  if (state != "Ready" && state != "Started") return fail(Code::invalid, "Invalid state {}", quote(state));
  TRY(call.instance->volatile_set({{"volatile.last_state.ready", state == "Ready" ? "true" : "false"}}));
  Context ctx;
  if (state == "Ready") instance::lifecycle(*call.instance, instance::Job{.ctx = ctx}, "instance-ready");
  return text_answer("");
}

Result<http::Response> get_keys(GuestCall& call) {
  Json keys = Json::array();
  for (const auto& [key, value] : call.instance->view()->config)
    if (is_guest_key(key)) keys.push_back("/1.0/config/" + key);
  return json_answer(keys);
}

Result<http::Response> get_key(GuestCall& call) {
  const std::string& key = call.request.param("key");
  if (!is_guest_key(key)) return fail(Code::forbidden, "not authorized");
  auto view = call.instance->view();
  auto found = view->config.find(key);
  if (found == view->config.end()) return fail(Code::not_found, "not found");
  return text_answer(found->second);
}

Result<http::Response> get_metadata(GuestCall& call) {
  auto view = call.instance->view();
  return text_answer(std::format("#cloud-config\ninstance-id: {}\nlocal-hostname: {}\n{}", get_or(view->row.config, "volatile.cloud-init.instance-id"), view->row.name,
                                 get_or(view->config, "user.meta-data")));
}

/// Interfaces show their address even where it was generated, so that cloud-init can tell them apart.
Result<http::Response> get_devices(GuestCall& call) {
  auto view = call.instance->view();
  Json devices = Json::object();
  for (auto [name, config] : view->devices) {
    std::string generated = get_or(view->row.config, "volatile." + name + ".hwaddr");
    if (get_or(config, "type") == "nic" && get_or(config, "hwaddr").empty() && !generated.empty()) config["hwaddr"] = generated;
    devices[name] = config;
  }
  return json_answer(devices);
}

/// Only what anybody may have, or what this server fetched from elsewhere anyway.
Result<http::Response> get_image(GuestCall& call) {
  if (!is_true(get_or(call.instance->view()->config, "security.guestapi.images"))) return fail(Code::forbidden, "not authorized");
  Context ctx;
  Call inner{.ctx = ctx, .request = call.request, .daemon = call.daemon, .identity = {.trusted = true, .admin = true}};
  auto row = visible_image(inner, TRY(image_project(inner)));
  if (!row || !(row->public_ || row->cached)) return fail(Code::not_found, "Image {} not found", quote(call.request.param("fingerprint")));
  return std::move(TRY(export_image(inner)).response);
}

struct GuestRoute {
  Method method;
  std::string_view path;
  Result<http::Response> (*handler)(GuestCall&);
  bool always = false;  ///< also with security.guestapi=false
};

constexpr GuestRoute kRoutes[] = {
    {Method::get, "/", get_root, true},
    {Method::get, "/1.0", get_state, true},
    {Method::patch, "/1.0", patch_state},
    {Method::get, "/1.0/config", get_keys},
    {Method::get, "/1.0/config/{key}", get_key},
    {Method::get, "/1.0/devices", get_devices},
    {Method::get, "/1.0/events", guest_events},
    {Method::get, "/1.0/images/{fingerprint}/export", get_image},
    {Method::get, "/1.0/meta-data", get_metadata},
};

http::Response answer(Daemon& daemon, http::Request& request, const GuestRoute& route) {
  auto instance = guest_of(*daemon.instances, request.peer);
  if (!instance) return error_answer(instance.error().code() == Code::forbidden ? 401 : 500, instance.error().message());
  if (!route.always && is_false(get_or((*instance)->view()->config, "security.guestapi"))) return error_answer(403, "not authorized");
  GuestCall call{.daemon = daemon, .request = request, .instance = *instance};
  auto response = route.handler(call);
  return response ? std::move(*response) : error_answer(http::status_of(response.error().code()), response.error().message());
}

}  // namespace

GuestApi::GuestApi(Daemon& daemon) : daemon_(daemon) {
  server_ = http::Server::create(daemon.runtime, [this](http::Request& request) { return plan(request); });
}

Result<> GuestApi::listen() {
  UniqueFd socket = TRY(open_guest_socket(daemon_.paths.in_var("guestapi/sock")));
  return server_->listen_unix(socket.release(), http::Peer::Transport::guest);
}

http::Plan GuestApi::plan(http::Request& request) const {
  const GuestRoute* found = nullptr;
  bool known = false;
  for (const GuestRoute& route : kRoutes) {
    StringMap params;
    if (!http::path_matches(route.path, request.path, params)) continue;
    known = true;
    if (route.method != request.method) continue;
    found = &route;
    request.params = std::move(params);
  }
  http::Plan plan;
  if (found) {
    plan.run = [&daemon = daemon_, found](const Context&, http::Request& asked) { return answer(daemon, asked, *found); };
    return plan;
  }
  plan.inline_ = true;
  plan.run = [known](const Context&, http::Request&) { return known ? error_answer(405, "method not allowed") : error_answer(404, "404 page not found"); };
  return plan;
}

}  // namespace incusd
