#include "applets/daemon/guest/api.h"

#include <unistd.h>

#include "applets/daemon/boot/unix_socket.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/envelope.h"
#include "applets/daemon/guest/caller.h"
#include "applets/daemon/routes/image_common.h"
#include "applets/daemon/server_config.h"
#include "base/log.h"
#include "http/adopt.h"
#include "http/path_match.h"
#include "http/plain_text.h"
#include "http/status.h"
#include "http/tls.h"
#include "instance/guest_service.h"

namespace incusd {
namespace {

using http::Method;

GuestAnswer text_answer(std::string text) { return {.content = std::move(text), .text = true}; }
GuestAnswer json_answer(Json value) { return {.content = std::move(value)}; }

http::Response bare(GuestAnswer answer) {
  http::Response response;
  response.headers.set("Content-Type", answer.text ? "application/octet-stream" : "application/json");
  response.body = answer.text ? answer.content.get<std::string>() : api::dump_json(answer.content) + "\n";
  return response;
}

/// Keys that a guest may see.
bool is_guest_key(std::string_view key) { return key.starts_with("user.") || key.starts_with("cloud-init."); }

Result<GuestAnswer> get_root(GuestCall&) { return json_answer({"/1.0"}); }

Result<GuestAnswer> get_state(GuestCall& call) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  bool ready = is_true(call.instance->volatile_get("volatile.last_state.ready"));
  return json_answer({{"state", ready ? "Ready" : "Started"}, {"api_version", "1.0"}, {"instance_type", db::name_of(call.instance->view()->row.type)}, {"location", host}});
}

Result<GuestAnswer> patch_state(GuestCall& call) {
  Json body = TRY(api::parse_json(call.request.body));
  std::string state = body.is_object() && body.contains("state") && body["state"].is_string() ? body["state"].get<std::string>() : "";
  if (state != "Ready" && state != "Started") return fail(Code::invalid, "Invalid state {}", quote(state));
  TRY(call.instance->volatile_set({{"volatile.last_state.ready", state == "Ready" ? "true" : "false"}}));
  Context ctx;
  if (state == "Ready") instance::lifecycle(*call.instance, instance::Job{.ctx = ctx}, "instance-ready");
  return text_answer("");
}

Result<GuestAnswer> get_keys(GuestCall& call) {
  Json keys = Json::array();
  for (const auto& [key, value] : call.instance->view()->config)
    if (is_guest_key(key)) keys.push_back("/1.0/config/" + key);
  return json_answer(keys);
}

Result<GuestAnswer> get_key(GuestCall& call) {
  const std::string& key = call.request.param("key");
  if (!is_guest_key(key)) return fail(Code::forbidden, "not authorized");
  auto view = call.instance->view();
  auto found = view->config.find(key);
  if (found == view->config.end()) return fail(Code::not_found, "not found");
  return text_answer(found->second);
}

Result<GuestAnswer> get_metadata(GuestCall& call) {
  auto view = call.instance->view();
  return text_answer(std::format("#cloud-config\ninstance-id: {}\nlocal-hostname: {}\n{}", get_or(view->row.config, "volatile.cloud-init.instance-id"), view->row.name,
                                 get_or(view->config, "user.meta-data")));
}

/// Interfaces show their address even where it was generated, so that cloud-init can tell them apart.
Result<GuestAnswer> get_devices(GuestCall& call) {
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
Result<GuestAnswer> get_image(GuestCall& call) {
  if (!is_true(get_or(call.instance->view()->config, "security.guestapi.images"))) return fail(Code::forbidden, "not authorized");
  Context ctx;
  Call inner{.ctx = ctx, .request = call.request, .daemon = call.daemon, .identity = {.trusted = true, .admin = true}};
  auto row = visible_image(inner, TRY(image_project(inner)));
  if (!row || !(row->public_ || row->cached)) return fail(Code::not_found, "Image {} not found", quote(call.request.param("fingerprint")));
  return GuestAnswer{.content = {}, .whole = std::move(TRY(export_image(inner)).response)};
}

struct GuestRoute {
  Method method;
  std::string_view path;
  Result<GuestAnswer> (*handler)(GuestCall&);
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

http::Response bare_error(const Error& error) { return http::plain_text(http::status_of(error.code()), error.message()); }

Result<GuestAnswer> handle(Daemon& daemon, http::Request& request, const GuestRoute& route, const instance::InstancePtr& instance) {
  if (!route.always && is_false(get_or(instance->view()->config, "security.guestapi"))) return fail(Code::forbidden, "not authorized");
  GuestCall call{.daemon = daemon, .request = request, .instance = instance};
  return route.handler(call);
}

/// A process of a container asks.
http::Response answer(Daemon& daemon, http::Request& request, const GuestRoute& route) {
  auto instance = guest_of(*daemon.instances, request.peer);
  if (!instance) return http::plain_text(instance.error().code() == Code::forbidden ? 401 : 500, instance.error().message());
  auto found = handle(daemon, request, route, *instance);
  if (!found) return bare_error(found.error());
  return found->whole ? std::move(*found->whole) : bare(std::move(*found));
}

/// The agent of a virtual machine asks.
http::Response answer_machine(Daemon& daemon, http::Request& request, const GuestRoute& route) {
  auto instance = machine_of(*daemon.instances, request.peer);
  if (!instance) return http::plain_text(instance.error().code() == Code::forbidden ? 401 : 500, instance.error().message());
  auto found = handle(daemon, request, route, *instance);
  if (!found) return error_response(found.error());
  return found->whole ? std::move(*found->whole) : sync_response(api::dump_json(found->content));
}

}  // namespace

GuestApi::GuestApi(Daemon& daemon) : daemon_(daemon) {
  server_ = http::Server::create(daemon.runtime, [this](http::Request& request) { return plan(request); });
  instance::offer_guest_service({.serve = [this](uint32_t vsock_id, UniqueFd stream) { serve_machine(vsock_id, std::move(stream)); },
                                 .certificate = [&daemon]() -> Result<std::string> { return TRY(server_identity(daemon)).certificate_pem; }});
}

GuestApi::~GuestApi() { instance::offer_guest_service({}); }

void GuestApi::stop(Duration grace) {
  instance::offer_guest_service({});
  server_->stop(grace);
}

/// The stream's number names the machine; its agent's certificate, which machine_of() looks at, proves it.
void GuestApi::serve_machine(uint32_t vsock_id, UniqueFd stream) {
  auto serve = [&]() -> Result<> {
    http::TlsIdentity identity = TRY(server_identity(daemon_));
    auto tls = TRY(http::TlsContext::server({identity.certificate_pem, identity.key_pem}));
    return http::adopt_connection(*server_, std::move(stream), {.transport = http::Peer::Transport::vsock, .address = machine_address(vsock_id)}, *tls);
  };
  if (auto served = serve(); !served) log_warn("Cannot serve a virtual machine's agent", {{"vsock_id", std::to_string(vsock_id)}, {"error", served.error().message()}});
}

Result<> GuestApi::listen() {
  UniqueFd socket = TRY(open_guest_socket(daemon_.paths.in_var("guestapi/sock")));
  return server_->listen_unix(socket.release(), http::Peer::Transport::guest);
}

http::Plan GuestApi::plan(http::Request& request) const {
  http::RouteMatch<GuestRoute> match;
  http::match_route(std::span<const GuestRoute>(kRoutes), request, match);
  auto [found, known] = match;
  http::Plan plan;
  if (found) {
    bool machine = request.peer.transport == http::Peer::Transport::vsock;
    plan.run = [&daemon = daemon_, found = found, machine](const Context&, http::Request& asked) { return (machine ? answer_machine : answer)(daemon, asked, *found); };
    return plan;
  }
  plan.inline_ = true;
  plan.run = [known = known](const Context&, http::Request&) { return known ? http::plain_text(405, "method not allowed") : http::plain_text(404, "404 page not found"); };
  return plan;
}

}  // namespace incusd
