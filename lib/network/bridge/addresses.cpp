// Addresses, routes and forwarding switches of a bridge.
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "network/bridge/bridge.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network::bridge {
namespace {

/// Forwarding makes the kernel ignore router advertisements unless accept_ra is 2; the host may depend on them for its own address.
Result<> enable_forwarding_v6() {
  StringList interfaces;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/sys/net/ipv6/conf", error)) interfaces.push_back(entry.path().filename());
  for (const std::string& interface : interfaces) {
    std::string accept = "net/ipv6/conf/" + interface + "/accept_ra";
    // An interface may have gone since the listing.
    if (read_sysctl(accept) == "1") (void)write_sysctl(accept, "2");
  }
  for (const std::string& interface : interfaces) (void)write_sysctl("net/ipv6/conf/" + interface + "/forwarding", "1");
  return {};
}

}  // namespace

Result<std::optional<IpNetwork>> Bridge::own_address(int family) const {
  if (!has_family(family)) return std::optional<IpNetwork>();
  std::string key = family == 4 ? "ipv4.address" : "ipv6.address";
  auto net = IpNetwork::parse(value(key));
  if (!net) return fail(Code::internal, "Failed parsing {}: invalid CIDR address: {}", key, value(key));
  if (family == 6 && net->address == net->first()) {
    auto mac = parse_mac(hwaddr());
    auto address = mac ? net->eui64(*mac) : std::nullopt;
    if (!address) return fail(Code::internal, "Can't generate an EUI64 derived IPv6 address with a mask other than /64");
    net->address = *address;
  }
  return net;
}

Result<> Bridge::apply_addresses(sys::Netlink& netlink) {
  auto link = TRY(netlink.link(name()));
  TRY(apply_family(netlink, link, 4));
  if (has_family(4) && on_by_default("ipv4.routing")) TRY(write_sysctl("net/ipv4/ip_forward", "1"));
  TRY(apply_family(netlink, link, 6));
  if (!has_family(6)) return {};
  (void)write_sysctl("net/ipv6/conf/" + name() + "/accept_ra", "0");  // guests must not tell us where to route
  return on_by_default("ipv6.routing") ? enable_forwarding_v6() : Result<>();
}

Result<> Bridge::apply_family(sys::Netlink& netlink, const sys::Link& link, int family) {
  int af = family == 4 ? AF_INET : AF_INET6;
  std::string prefix = family == 4 ? "ipv4." : "ipv6.";
  auto own = TRY(own_address(family));
  // The new address is added before old ones go: without any, the kernel would drop the routes of running instances.
  bool present = false;
  for (const sys::LinkAddress& address : link.addresses)
    present |= own && address.family == af && address.address == own->address.text() && address.prefix == own->prefix;
  if (own && !present) TRY_CTX(netlink.add_address(name(), own->text()), "Failed to add address {} to {}", own->text(), name());
  for (const sys::LinkAddress& address : link.addresses) {
    if (address.family != af || address.scope != "global") continue;
    if (own && address.address == own->address.text() && address.prefix == own->prefix) continue;
    TRY(netlink.remove_address(name(), std::format("{}/{}", address.address, address.prefix)));
  }

  StringList wanted;
  if (own)
    for (const std::string& route : split_list(value(prefix + "routes"))) {
      auto net = IpNetwork::parse(route);
      wanted.push_back(net ? net->subnet().text() : route);
    }
  StringList existing;
  for (const sys::Route& route : TRY(netlink.routes(af, name()))) {
    if (route.protocol != "static") continue;
    if (contains(wanted, route.destination)) existing.push_back(route.destination);
    else TRY(netlink.remove_route(route));
  }
  for (const std::string& destination : wanted)
    if (!contains(existing, destination))
      TRY_CTX(netlink.add_route({.family = af, .destination = destination, .device = name(), .protocol = "static"}), "Failed to add route {}", destination);
  return {};
}

}  // namespace network::bridge
