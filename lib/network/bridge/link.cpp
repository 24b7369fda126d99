// The bridge interface itself and its ports: external interfaces, tunnels and the dummy that holds the MTU.
#include <algorithm>

#include "base/log.h"
#include "core/project_cache.h"
#include "network/bridge/bridge.h"
#include "network/bridge/keys.h"
#include "network/host.h"
#include "network/hwaddr.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network::bridge {

Result<> checks::external_interfaces(std::string_view value) {
  for (const std::string& entry : split(value, ',')) {
    StringList parts = split(trim(entry), '/');
    bool extended = parts.size() == 3;
    std::string interface(trim(extended ? parts[0] : std::string_view(entry)));
    TRY_CTX(config::is_interface_name(interface), "Invalid interface name {}", quote(interface));
    if (!extended) continue;
    std::string parent(trim(parts[1]));
    TRY_CTX(config::is_interface_name(parent), "Invalid interface name {}", quote(parent));
    auto vlan = parse_int(parts[2]);
    if (!vlan || *vlan < 1 || *vlan > 4094) return fail(Code::invalid, "Invalid VLAN ID {}", quote(parts[2]));
  }
  return {};
}

/// The configured address, or one that stays the same as long as the server and the network do.
std::string Bridge::hwaddr() const {
  if (std::string fixed = value("bridge.hwaddr"); !fixed.empty()) return to_lower(fixed);
  return stable_hwaddr(hwaddr_pattern(env_, project()), std::format("{}.0.{}", env_.fingerprint(), id()));
}

Result<> Bridge::apply_link(sys::Netlink& netlink) {
  auto link = netlink.link(name());
  if (!link) {
    // Address and MTU are given at creation, so that udev's default address policy finds nothing to change.
    TRY(netlink.create({.name = name(), .kind = "bridge", .hwaddr = hwaddr(), .mtu = static_cast<uint32_t>(mtu())}));
  } else {
    if (link->mtu != static_cast<uint32_t>(mtu())) TRY(netlink.set_mtu(name(), static_cast<uint32_t>(mtu())));
    if (link->hwaddr != hwaddr()) TRY(netlink.set_hwaddr(name(), hwaddr()));
  }
  std::string v6 = "net/ipv6/conf/" + name() + "/";
  bool kernel_v6 = !read_sysctl("net/ipv6/conf/all/disable_ipv6").empty();
  if (has_family(6)) {
    if (!kernel_v6) return fail(Code::internal, "Network has ipv6.address but kernel IPv6 support is missing");
    for (auto [key, wanted] : {std::pair{"disable_ipv6", "0"}, {"autoconf", "0"}, {"accept_dad", "0"}}) TRY(write_sysctl(v6 + key, wanted));
  } else if (kernel_v6) {
    // Else the host could be reached over its guessable link-local address.
    TRY(write_sysctl(v6 + "disable_ipv6", "1"));
  }
  return {};
}

Result<> Bridge::apply_ports(sys::Netlink& netlink) {
  std::string dummy = name() + "-mtu";
  if (mtu() != kDefaultMtu) {
    // A bridge takes the lowest MTU of its ports, and the default without one: a port of our own holds ours.
    auto port = netlink.link(dummy);
    if (port && port->mtu != static_cast<uint32_t>(mtu())) TRY(netlink.set_mtu(dummy, static_cast<uint32_t>(mtu())));
    if (!port && dummy.size() <= 15)
      (void)netlink.create({.name = dummy, .kind = "dummy", .master = name(), .mtu = static_cast<uint32_t>(mtu()), .up = true});
  } else if (interface_exists(dummy)) {
    TRY(netlink.remove(dummy));
  }
  if (auto set = write_attribute(name(), "bridge/vlan_filtering", "1"); !set)
    log_warn("Failed enabling VLAN filtering", {{"network", name()}, {"error", set.error().message()}});
  auto snooping = write_attribute(name(), "bridge/multicast_snooping", on_by_default("bridge.multicast_snooping") ? "1" : "0");
  if (!snooping && !value("bridge.multicast_snooping").empty()) return snooping;
  TRY(netlink.set_up(name(), true));
  for (const std::string& entry : split_list(value("bridge.external_interfaces"))) TRY(attach_external(netlink, entry));
  return {};
}

Result<> Bridge::attach_external(sys::Netlink& netlink, const std::string& entry) {
  StringList parts = split(entry, '/');
  bool extended = parts.size() == 3;
  std::string interface(trim(extended ? parts[0] : entry));
  auto link = netlink.link(interface);
  if (!link && !extended) {
    log_warn("Skipping attaching missing external interface", {{"network", name()}, {"interface", interface}});
    return {};
  }
  if (extended) {
    std::string parent(trim(parts[1]));
    int vlan = static_cast<int>(parse_int(parts[2]).value_or(0));
    if (!link) {
      TRY_CTX(create_vlan(netlink, parent, interface, vlan, false), "Failed to create external interface {}", quote(interface));
      link = TRY(netlink.link(interface));
    } else {
      auto own = TRY(netlink.link(name()));
      if (link->kind != "vlan" || link->parent != parent || link->vlan_id != vlan || (link->master_index && link->master_index != own.index))
        return fail(Code::internal, "External interface {} already in use", quote(interface));
    }
  }
  bool configured = std::ranges::any_of(link->addresses, [](const sys::LinkAddress& address) {
    auto ip = IpAddress::parse(address.address);
    return ip && ip->is_global_unicast();
  });
  if (configured) return fail(Code::internal, "Only unconfigured network interfaces can be bridged");
  TRY(netlink.set_master(interface, name()));
  TRY_CTX(netlink.set_up(interface, true), "Failed to bring up the host interface {}", interface);
  return {};
}

Result<> Bridge::detach_external(sys::Netlink& netlink, const StringMap& old) {
  StringList wanted = split_list(value("bridge.external_interfaces"));
  for (const std::string& entry : split_list(get_or(old, "bridge.external_interfaces"))) {
    StringList parts = split(entry, '/');
    std::string interface(trim(parts.size() == 3 ? parts[0] : entry));
    if (contains(wanted, entry) || !interface_exists(interface)) continue;
    TRY(netlink.set_master(interface, ""));
    if (parts.size() == 3) TRY(netlink.remove(interface));
  }
  return {};
}

Result<> Bridge::remove_children(sys::Netlink& netlink) {
  auto own = netlink.link(name());
  if (!own) return {};
  StringList external;
  for (const std::string& entry : split_list(value("bridge.external_interfaces"))) external.emplace_back(trim(split(entry, '/')[0]));
  for (const sys::Link& link : TRY(netlink.links())) {
    if (link.master_index != own->index || contains(external, link.name)) continue;
    if (link.kind == "vxlan" || link.kind == "gretap" || link.kind == "dummy") TRY(netlink.remove(link.name));
  }
  return {};
}

Result<> Bridge::apply_tunnels(sys::Netlink& netlink) {
  StringList tunnels;
  for (const auto& [key, unused] : config())
    if (key.starts_with("tunnel."))
      if (std::string tunnel = split(key, '.')[1]; !contains(tunnels, tunnel)) tunnels.push_back(tunnel);
  // Tunnels that are gone from the config go too; the others are made anew, since their options can't be changed.
  auto own = TRY(netlink.link(name()));
  for (const sys::Link& link : TRY(netlink.links()))
    if (link.master_index == own.index && (link.kind == "vxlan" || link.kind == "gretap") && link.name.starts_with(name() + "-"))
      TRY(netlink.remove(link.name));
  for (const std::string& tunnel : tunnels) {
    auto option = [&](const char* key) { return value(std::format("tunnel.{}.{}", tunnel, key)); };
    sys::LinkSpec spec{.name = name() + "-" + tunnel, .master = name(), .mtu = static_cast<uint32_t>(mtu()), .up = true};
    spec.local = option("local");
    spec.remote = option("remote");
    if (option("protocol") == "gre") {
      if (spec.local.empty() || spec.remote.empty()) continue;
      spec.kind = "gretap";
    } else if (option("protocol") == "vxlan") {
      if (!spec.remote.empty() && spec.local.empty()) continue;
      spec.kind = "vxlan";
      if (spec.remote.empty()) {
        spec.group = option("group").empty() ? "239.0.0.1" : option("group");
        spec.parent = option("interface");
        if (spec.parent.empty()) spec.parent = TRY(default_gateway_interface(netlink));
      }
      spec.port = static_cast<int>(parse_int(option("port")).value_or(0));
      spec.vxlan_id = static_cast<uint32_t>(parse_int(option("id")).value_or(1));
      spec.ttl = static_cast<int>(parse_int(option("ttl")).value_or(1));
    } else {
      continue;
    }
    TRY(netlink.create(spec));
  }
  return {};
}

}  // namespace network::bridge
