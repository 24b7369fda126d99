// /1.0/networks/{name}/forwards.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/network_common.h"
#include "device/proxy_address.h"
#include "instance/manager.h"
#include "network/forward/forward.h"
#include "network/types.h"

namespace incusd {
namespace {

using http::Method;
using network::forward::Forward;

const network::Environment& environment(Call& call) { return call.daemon.networks->environment(); }

std::string forward_url(const network::Network& network, const std::string& address) {
  return network_url("networks/" + url_escape(network.name()) + "/forwards/" + url_escape(address), network.project());
}

Result<std::shared_ptr<network::Network>> find_with_forwards(Call& call) {
  auto network = TRY(find_network(call, true));
  if (!TRY(network::find_type(network->type()))->forwards) return fail(Code::invalid, "Network driver {} does not support forwards", quote(network->type()));
  return network;
}

std::string forward_etag(const Forward& forward) { return etag_of(forward.listen_address + api::dump(api::slice<api::NetworkForwardPut>(forward))); }

Result<Reply> list_forwards(Call& call) {
  auto network = TRY(find_with_forwards(call));
  StringList urls, objects;
  for (const Forward& forward : TRY(network::forward::load_all(environment(call), network->id()))) {
    urls.push_back("/1.0/networks/" + url_escape(network->name()) + "/forwards/" + url_escape(forward.listen_address));
    objects.push_back(api::dump(api::slice<api::NetworkForward>(forward)));
  }
  return list_reply(call, urls, objects);
}

/// An address that a proxy device listens on already isn't free. (Proxies refuse addresses of forwards themselves.)
Result<> check_proxies(Call& call, const std::string& address) {
  for (const instance::InstancePtr& instance : call.daemon.instances->list()) {
    for (const auto& [name, config] : instance->view()->devices) {
      if (get_or(config, "type") != "proxy") continue;
      auto listen = device::parse_proxy_address(get_or(config, "listen"));
      if (!listen || listen->address != address) continue;
      return fail(Code::internal, "Forward listen address {} overlaps with proxy device {} of instance {}", quote(address), quote(name), quote(instance->name()));
    }
  }
  return {};
}

Result<Reply> create_forward(Call& call) {
  auto network = TRY(find_with_forwards(call));
  auto request = TRY(call.body<api::NetworkForwardsPost>());
  TRY_CTX(check_proxies(call, request.listen_address), "Failed creating forward");
  TRY_CTX(refused_as_500(network::forward::create(call.ctx, *network, environment(call), request)), "Failed creating forward");
  std::string url = forward_url(*network, request.listen_address);
  network_event(call, network->project(), "network-forward-created", url);
  return created(url);
}

Result<Forward> find_forward(Call& call, const network::Network& network) {
  return network::forward::load(environment(call), network.id(), call.param("listenAddress"));
}

Result<Reply> get_forward(Call& call) {
  auto network = TRY(find_with_forwards(call));
  Forward forward = TRY(find_forward(call, *network));
  return ok(api::dump(api::slice<api::NetworkForward>(forward)), forward_etag(forward));
}

Result<Reply> change_forward(Call& call, bool merge) {
  auto network = TRY(find_with_forwards(call));
  Forward forward = TRY(find_forward(call, *network));
  TRY(call.check_etag(forward_etag(forward)));
  api::NetworkForwardPut put;
  if (merge) put = forward;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (merge) put.config.insert(forward.config.begin(), forward.config.end());
  TRY_CTX(refused_as_500(network::forward::update(call.ctx, *network, environment(call), forward, put)), "Failed updating forward");
  network_event(call, network->project(), "network-forward-updated", forward_url(*network, forward.listen_address));
  return ok();
}
Result<Reply> put_forward(Call& call) { return change_forward(call, false); }
Result<Reply> patch_forward(Call& call) { return change_forward(call, true); }

Result<Reply> delete_forward(Call& call) {
  auto network = TRY(find_with_forwards(call));
  Forward forward = TRY(find_forward(call, *network));
  TRY_CTX(network::forward::remove(call.ctx, *network, environment(call), forward), "Failed deleting forward");
  network_event(call, network->project(), "network-forward-deleted", forward_url(*network, forward.listen_address));
  return ok();
}

/// The prefixes that a BGP speaker of this server announces, and for whom.
Result<Reply> debug_bgp(Call& call) {
  Json prefixes = Json::array();
  for (const auto& record : TRY(call.daemon.networks->list("")))
    for (const Forward& forward : TRY(network::forward::load_all(environment(call), record.id)))
      if (auto address = IpAddress::parse(forward.listen_address))
        prefixes.push_back({{"owner", std::format("network_{}_forward", record.id)},
                            {"prefix", IpNetwork::host(*address).text()},
                            {"nexthop", address->is_v4() ? "0.0.0.0" : "::"}});
  return ok(api::dump_json({{"server", {{"address", ""}, {"asn", 0}, {"router_id", ""}, {"running", false}}}, {"prefixes", prefixes}, {"peers", Json::array()}}));
}

constexpr Access kEdit = allow("network", "can_edit", "name"), kView = allow("network", "can_view", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/networks/{name}/forwards", kView, kProject, list_forwards, "Lists address forwards"},
    {Method::post, "/1.0/networks/{name}/forwards", kEdit, kProject, create_forward, "Creates an address forward"},
    {Method::delete_, "/1.0/networks/{name}/forwards/{listenAddress}", kEdit, kProject, delete_forward, "Deletes an address forward"},
    {Method::get, "/1.0/networks/{name}/forwards/{listenAddress}", kView, kProject, get_forward, "Shows an address forward"},
    {Method::patch, "/1.0/networks/{name}/forwards/{listenAddress}", kEdit, kProject, patch_forward, "Changes an address forward"},
    {Method::put, "/1.0/networks/{name}/forwards/{listenAddress}", kEdit, kProject, put_forward, "Replaces an address forward"},
    {Method::get, "/internal/debug/bgp", allow("server", "can_edit"), kNoFlags, debug_bgp, "Shows what is announced by BGP"},
};

}  // namespace

extern const Routes network_forward_routes = kRoutes;

}  // namespace incusd
