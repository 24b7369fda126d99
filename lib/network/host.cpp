// Reading /proc/net and sysfs, and VLAN interfaces.
#include "network/host.h"

#include "base/encode.h"
#include "base/strings.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network {
namespace {

StringList words(std::string_view line) {
  StringList list;
  for (const std::string& part : split(replace_all(std::string(line), "\t", " "), ' '))
    if (!part.empty()) list.push_back(part);
  return list;
}

/// The destination of a line of /proc/net/route (words in host order) or /proc/net/ipv6_route.
std::optional<IpNetwork> route_target(const StringList& fields, bool v4) {
  if (fields.size() < (v4 ? 8u : 2u)) return std::nullopt;
  auto bytes = hex_decode(fields[v4 ? 1 : 0]);
  if (!bytes) return std::nullopt;
  if (!v4) {
    auto prefix = parse_int(fields[1], 16);
    return bytes->size() == 16 && prefix ? std::optional(IpNetwork{IpAddress::from_bytes(bytes->data(), 16), static_cast<int>(*prefix)}) : std::nullopt;
  }
  auto mask = parse_uint(fields[7], 16);
  if (bytes->size() != 4 || !mask) return std::nullopt;
  std::string reversed(bytes->rbegin(), bytes->rend());
  return IpNetwork{IpAddress::from_bytes(reversed.data(), 4), __builtin_popcountll(*mask)};
}

}  // namespace

Result<std::string> default_gateway_interface(sys::Netlink& netlink) {
  for (const sys::Route& route : TRY(netlink.routes(2 /* AF_INET */)))
    if (route.destination == "default" && !route.device.empty()) return route.device;
  return fail(Code::internal, "No default gateway for IPv4");
}

std::string host_interface(const std::string& parent, const std::string& vlan) {
  if (vlan.empty()) return parent;
  std::string fallback = parent + "." + vlan;
  if (fallback.size() > 15) fallback = "incus-vlan-" + vlan;
  for (const std::string& line : split(read_file("/proc/net/vlan/config").value_or(""), '\n')) {
    StringList parts = split(line, '|');
    if (parts.size() == 3 && trim(parts[2]) == parent && trim(parts[1]) == vlan) return std::string(trim(parts[0]));
  }
  return fallback;
}

Result<> create_vlan(sys::Netlink& netlink, const std::string& parent, const std::string& interface, int vlan, bool gvrp) {
  TRY_CTX(netlink.set_up(parent, true), "Failed to bring up parent {}", quote(parent));
  TRY_CTX(netlink.create({.name = interface, .kind = "vlan", .parent = parent, .up = true, .vlan_id = vlan, .gvrp = gvrp}),
          "Failed to create VLAN interface {} on {}", quote(interface), quote(parent));
  (void)write_sysctl("net/ipv6/conf/" + interface + "/accept_ra", "0");  // best effort: IPv6 may be off
  return {};
}

bool is_routed(const IpNetwork& subnet) {
  bool v4 = subnet.is_v4();
  for (const std::string& line : split(read_file(v4 ? "/proc/net/route" : "/proc/net/ipv6_route").value_or(""), '\n')) {
    auto target = route_target(words(line), v4);
    if (target && !target->address.is_unspecified() && target->contains(subnet.first())) return true;
  }
  return false;
}

Result<> bridge_netfilter(int family) {
  std::string name = family == 4 ? "iptables" : "ip6tables";
  std::string value = read_sysctl("net/bridge/bridge-nf-call-" + name);
  if (value.empty()) return fail(Code::internal, "br_netfilter kernel module not loaded");
  if (value != "1") return fail(Code::internal, "sysctl net.bridge.bridge-nf-call-{} not enabled", name);
  return {};
}

}  // namespace network
