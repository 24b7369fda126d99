// Defaults of new bridges and checks between their keys.
#include "network/acl/acl.h"
#include "network/bridge/bridge.h"
#include "network/subnet.h"
#include "network/sysctl.h"
#include "network/zone_names.h"

namespace network::bridge {
namespace {

Failure hwaddr_unsafe(std::string_view why) { return fail(Code::invalid, "Cannot use static \"bridge.hwaddr\" MAC address when bridge {}", why); }

/// One MAC address for all members of a cluster is only right where the members' bridges can't meet.
Result<> check_hwaddr(const StringMap& config) {
  if (!get_or(config, "bridge.external_interfaces").empty() && get_or(config, "ipv4.address") == "none" && get_or(config, "ipv6.address") == "none")
    return hwaddr_unsafe("has no IP addresses and has external interfaces set");
  for (const auto& [key, value] : config)
    if (key.starts_with("tunnel.")) return hwaddr_unsafe("has tunnels connected");
  auto v6 = IpNetwork::parse(get_or(config, "ipv6.address"));
  if (v6 && v6->address == v6->first()) return hwaddr_unsafe("uses a host-specific IPv6 address");
  return {};
}

Result<std::vector<IpRange>> parse_ranges(const StringMap& config, const std::string& key, const std::optional<IpNetwork>& subnet) {
  std::vector<IpRange> ranges;
  for (const std::string& text : split_list(get_or(config, key))) {
    auto range = subnet ? IpRange::parse_in(text, *subnet) : IpRange::parse(text);
    bool inside = range && (!subnet || (subnet->contains(range->first) && subnet->contains(range->last)));
    if (!inside) return fail(Code::invalid, "Failed parsing {}: IP range {} does not fall within any of the allowed networks", key, quote(text));
    ranges.push_back(*range);
  }
  return ranges;
}

/// Ranges for the routers of OVN networks must lie beside those that DHCP leases.
Result<> check_ovn_ranges(const StringMap& config, int family) {
  std::string prefix = std::format("ipv{}.", family);
  std::string dhcp = get_or(config, prefix + "dhcp");
  if (get_or(config, prefix + "ovn.ranges").empty() || !(dhcp.empty() || is_true(dhcp))) return {};
  auto net = IpNetwork::parse(get_or(config, prefix + "address"));
  bool leases = net && (family == 4 || is_true(get_or(config, "ipv6.dhcp.stateful")));
  if (leases && get_or(config, prefix + "dhcp.ranges").empty())
    return fail(Code::invalid, "\"{0}ovn.ranges\" must be used in conjunction with non-overlapping \"{0}dhcp.ranges\" when {1} is enabled", prefix,
                family == 4 ? "DHCPv4" : "stateful DHCPv6");
  auto routers = TRY(parse_ranges(config, prefix + "ovn.ranges", net));
  if (!leases) return {};
  for (const IpRange& leased : TRY(parse_ranges(config, prefix + "dhcp.ranges", net)))
    for (const IpRange& router : routers)
      if (router.overlaps(leased))
        return fail(Code::invalid, "The range specified in \"{0}ovn.ranges\" ({1}) cannot overlap with \"{0}dhcp.ranges\"", prefix, quote(router.text()));
  return {};
}

Result<> check_tunnel_names(const Record& record) {
  for (const auto& [key, value] : record.config) {
    if (!key.starts_with("tunnel.")) continue;
    StringList parts = split(key, '.');
    if (parts.size() != 3) return fail(Code::invalid, "Invalid network configuration key: {}", key);
    if (record.name.size() + parts[1].size() > 14)
      return fail(Code::invalid, "Network name too long for tunnel interface: {}-{}", record.name, parts[1]);
  }
  return {};
}

}  // namespace

Result<> fill(const Context& ctx, StringMap& config) {
  if (get_or(config, "ipv4.address").empty()) config["ipv4.address"] = "auto";
  if (config["ipv4.address"] == "auto" && get_or(config, "ipv4.nat").empty()) config["ipv4.nat"] = "true";
  if (get_or(config, "ipv6.address").empty()) {
    config.erase("ipv6.address");
    if (read_sysctl("net/ipv6/conf/default/disable_ipv6") == "0") config["ipv6.address"] = "auto";
  }
  if (get_or(config, "ipv6.address") == "auto" && get_or(config, "ipv6.nat").empty()) config["ipv6.nat"] = "true";
  return refresh(ctx, config);
}

Result<> refresh(const Context& ctx, StringMap& config) {
  for (int family : {4, 6}) {
    auto key = config.find(std::format("ipv{}.address", family));
    if (key != config.end() && key->second == "auto") key->second = TRY_CTX(unused_subnet(ctx, family), "Failed generating auto config").text();
  }
  return {};
}

Result<> check(const Environment& env, const Record& record) {
  TRY(check_tunnel_names(record));
  TRY(check_zone_names(env, record.config));
  if (!get_or(record.config, "bridge.hwaddr").empty()) TRY(check_hwaddr(record.config));
  TRY(check_ovn_ranges(record.config, 4));
  TRY(check_ovn_ranges(record.config, 6));
  return acl::check_names(env, record.project, get_or(record.config, "security.acls"));
}

}  // namespace network::bridge
