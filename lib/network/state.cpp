// Interface state from rtnetlink and sysfs.
#include "network/state.h"

#include <net/if.h>

#include <algorithm>
#include <filesystem>

#include "base/strings.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network {
namespace {

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }
uint64_t number(const std::string& interface, const std::string& attribute) {
  return parse_uint(read_attribute(interface, attribute)).value_or(0);
}
bool has(const std::string& interface, const char* what) { return std::filesystem::exists("/sys/class/net/" + interface + "/" + what); }

/// The API's scope names, which differ from the kernel's.
std::string scope_of(const std::string& address) {
  if (address.starts_with("127") || address == "::1") return "local";
  return address.starts_with("169.254") || address.starts_with("fe80:") ? "link" : "global";
}

api::NetworkStateBond bond_state(const std::string& name) {
  return {.mode = first_word(read_attribute(name, "bonding/mode")),
          .transmit_policy = first_word(read_attribute(name, "bonding/xmit_hash_policy")),
          .up_delay = number(name, "bonding/updelay"),
          .down_delay = number(name, "bonding/downdelay"),
          .mii_frequency = number(name, "bonding/miimon"),
          .mii_state = read_attribute(name, "bonding/mii_status"),
          .lower_devices = split(read_attribute(name, "bonding/slaves"), ' ')};
}

api::NetworkStateBridge bridge_state(const std::string& name) {
  api::NetworkStateBridge bridge{.id = read_attribute(name, "bridge/bridge_id"),
                                 .stp = number(name, "bridge/stp_state") == 1,
                                 .forward_delay = number(name, "bridge/forward_delay"),
                                 .vlan_default = number(name, "bridge/default_pvid"),
                                 .vlan_filtering = number(name, "bridge/vlan_filtering") == 1};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net/" + name + "/brif", error))
    bridge.upper_devices.push_back(entry.path().filename());
  std::ranges::sort(bridge.upper_devices);
  return bridge;
}

std::string type_of(unsigned flags) {
  if (flags & IFF_LOOPBACK) return "loopback";
  if (flags & IFF_POINTOPOINT) return "point-to-point";
  return flags & IFF_BROADCAST ? "broadcast" : "unknown";
}

}  // namespace

Result<api::NetworkState> interface_state(const std::string& name) {
  auto netlink = TRY(sys::Netlink::open());
  auto link = netlink.link(name);
  if (!link) return fail(Code::not_found, "Network interface {} not found", quote(name));
  api::NetworkState state{.hwaddr = link->hwaddr, .mtu = link->mtu, .state = link->up() ? "up" : "down", .type = type_of(link->flags)};
  if (state.type == "loopback") state.hwaddr.clear();
  for (const sys::LinkAddress& address : link->addresses)
    state.addresses.push_back({.family = address.address.find(':') == std::string::npos ? "inet" : "inet6",
                               .address = address.address,
                               .netmask = std::to_string(address.prefix),
                               .scope = scope_of(address.address)});
  if (has(name, "bonding")) state.bond = bond_state(name);
  if (has(name, "bridge")) state.bridge = bridge_state(name);
  if (link->kind == "vlan") state.vlan = api::NetworkStateVLAN{link->parent, static_cast<uint64_t>(link->vlan_id)};
  state.counters = api::NetworkStateCounters{static_cast<int64_t>(link->stats.rx_bytes), static_cast<int64_t>(link->stats.tx_bytes),
                                             static_cast<int64_t>(link->stats.rx_packets), static_cast<int64_t>(link->stats.tx_packets)};
  return state;
}

std::string interface_type(const std::string& name, unsigned flags) {
  if (flags & IFF_LOOPBACK) return "loopback";
  if (has(name, "bridge")) return "bridge";
  if (std::filesystem::exists("/proc/net/vlan/" + name)) return "vlan";
  if (has(name, "device")) return "physical";
  return has(name, "bonding") ? "bond" : "unknown";
}

Result<StringList> interface_names() {
  StringList names;
  struct if_nameindex* list = if_nameindex();
  if (!list) return fail_errno("Failed to list network interfaces");
  for (struct if_nameindex* item = list; item->if_index != 0; item++)
    if (!std::string_view(item->if_name).starts_with("veth")) names.emplace_back(item->if_name);
  if_freenameindex(list);
  return names;
}

}  // namespace network
