// veth pairs and routes over rtnetlink.
#include "device/nic/veth.h"

#include <sys/socket.h>

#include "base/encode.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/reverter.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

/// The next hop for a route: the NIC's static address of that family. Unset and "none" are no next hop.
Result<std::string> next_hop(const StringMap& config, bool v4) {
  std::string text = split(get_or(config, v4 ? "ipv4.address" : "ipv6.address"), '/')[0];
  if (text.empty() || text == "none") return std::string();
  auto address = IpAddress::parse(text);
  if (!address || address->is_v4() != v4) return fail(Code::invalid, "Invalid IPv{} next-hop address {}", v4 ? 4 : 6, quote(text));
  return address->text();
}

Result<sys::Route> route_for(const std::string& device, const StringMap& config, const std::string& destination) {
  auto net = IpNetwork::parse_host_or_network(destination);
  if (!net) return fail(Code::invalid, "Invalid route {}", quote(destination));
  bool v4 = net->is_v4();
  return sys::Route{.family = v4 ? AF_INET : AF_INET6,
                    .destination = net->subnet().text(),
                    .gateway = TRY(next_hop(config, v4)),
                    .device = device,
                    .protocol = "boot"};
}

}  // namespace

Result<std::string> create_veth(sys::Netlink& netlink, const VethSpec& spec) {
  uint32_t parent_mtu = 0, queue = 0;
  if (!spec.parent.empty()) {
    auto parent = TRY_CTX(netlink.link(spec.parent), "Failed to get the parent MTU");
    parent_mtu = parent.mtu;
    queue = parent.tx_queue;
  }
  uint32_t mtu = static_cast<uint32_t>(parse_uint(spec.mtu).value_or(parent_mtu));
  if (!spec.queue_length.empty()) queue = static_cast<uint32_t>(parse_uint(spec.queue_length).value_or(0));
  sys::LinkSpec link{.name = spec.host_name, .kind = "veth", .master = spec.master};
  link.mtu = parent_mtu ? parent_mtu : mtu;
  link.tx_queue = queue;
  link.up = true;
  link.peer = "veth" + hex_encode(random_bytes(4));
  link.peer_hwaddr = spec.hwaddr;
  link.peer_mtu = mtu;
  TRY_CTX(netlink.create(link), "Failed to create the veth interfaces {} and {}", quote(link.name), quote(link.peer));
  if (queue) TRY(netlink.set_tx_queue(link.peer, queue));
  return link.peer;
}

StringList routes_of(const StringMap& config) {
  StringList routes;
  for (const char* key : {"ipv4.routes", "ipv6.routes", "ipv4.routes.external", "ipv6.routes.external"})
    for (std::string& route : split_list(get_or(config, key))) routes.push_back(std::move(route));
  return routes;
}

Result<> add_routes(sys::Netlink& netlink, const std::string& device, const StringMap& config) {
  StringList routes = routes_of(config);
  if (routes.empty()) return {};
  if (!sys::link_exists(device)) return fail(Code::internal, "Route interface missing {}", quote(device));
  std::vector<sys::Route> added;
  for (const std::string& destination : routes) {
    auto route = route_for(device, config, destination);
    auto done = route ? netlink.add_route(*route) : Result<>(Failure(route.error()));
    if (!done) {
      for (const sys::Route& undo : added) (void)netlink.remove_route(undo);  // the first error is the one to report
      return done;
    }
    added.push_back(*route);
  }
  return {};
}

void remove_routes(sys::Netlink& netlink, const std::string& device, const StringMap& config) {
  if (device.empty() || !sys::link_exists(device)) return;
  for (const std::string& destination : routes_of(config)) {
    auto route = route_for(device, config, destination);
    auto done = route ? netlink.remove_route(*route) : Result<>(Failure(route.error()));
    if (!done && done.error().code() != Code::not_found)
      log_debug("Failed to remove static route", {{"route", destination}, {"device", device}, {"error", done.error().message()}});
  }
}

}  // namespace device::nic
