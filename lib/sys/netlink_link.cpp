// Creating, changing and removing interfaces.
#include <net/if.h>  // before the kernel's headers, which then leave out what it defines
#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/veth.h>

#include "sys/netlink_impl.h"

namespace sys {
namespace {

constexpr nl::NumberName kMacvlanModes[] = {{1, "private"}, {2, "vepa"}, {4, "bridge"}, {8, "passthru"}};
constexpr nl::NumberName kIpvlanModes[] = {{0, "l2"}, {1, "l3"}, {2, "l3s"}};

Result<> put_mac(nl::Message& message, const std::string& hwaddr) {
  if (!hwaddr.empty()) message.bytes(IFLA_ADDRESS, TRY(nl::parse_mac(hwaddr)));
  return {};
}

Result<> put_veth(nl::Message& message, const LinkSpec& spec) {
  Result<> peer_mac;
  message.nest(VETH_INFO_PEER, [&] {
    message.extra<ifinfomsg>();
    message.text(IFLA_IFNAME, spec.peer);
    peer_mac = put_mac(message, spec.peer_hwaddr);
    if (spec.peer_mtu) message.u32(IFLA_MTU, spec.peer_mtu);
    if (spec.tx_queue) message.u32(IFLA_TXQLEN, spec.tx_queue);
  });
  return peer_mac;
}

Result<> put_vlan(nl::Message& message, const LinkSpec& spec) {
  message.u16(IFLA_VLAN_ID, static_cast<uint16_t>(spec.vlan_id));
  ifla_vlan_flags flags{.flags = spec.gvrp ? 2u : 0u, .mask = 2};  // VLAN_FLAG_GVRP
  if (spec.gvrp) message.bytes(IFLA_VLAN_FLAGS, {reinterpret_cast<const char*>(&flags), sizeof flags});
  return {};
}

Result<> put_ip(nl::Message& message, const std::string& address, uint16_t type4, uint16_t type6) {
  if (address.empty()) return {};
  int family = 0;
  std::string bytes = TRY(nl::parse_ip(address, family));
  message.bytes(family == AF_INET ? type4 : type6, bytes);
  return {};
}

Result<> put_vxlan(nl::Message& message, const LinkSpec& spec) {
  message.u32(IFLA_VXLAN_ID, spec.vxlan_id);
  TRY(put_ip(message, spec.local, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6));
  TRY(put_ip(message, spec.group.empty() ? spec.remote : spec.group, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6));
  if (spec.port) message.u16(IFLA_VXLAN_PORT, htons(static_cast<uint16_t>(spec.port)));
  if (spec.ttl) message.u8(IFLA_VXLAN_TTL, static_cast<uint8_t>(spec.ttl));
  if (!spec.parent.empty()) message.u32(IFLA_VXLAN_LINK, static_cast<uint32_t>(TRY(nl::index_of(spec.parent))));
  return {};
}

Result<> put_gretap(nl::Message& message, const LinkSpec& spec) {
  TRY(put_ip(message, spec.local, IFLA_GRE_LOCAL, IFLA_GRE_LOCAL));
  TRY(put_ip(message, spec.remote, IFLA_GRE_REMOTE, IFLA_GRE_REMOTE));
  return {};
}

Result<> put_mode(nl::Message& message, const LinkSpec& spec) {
  if (spec.mode.empty()) return {};
  bool ipvlan = spec.kind == "ipvlan";
  auto mode = ipvlan ? nl::name_number(kIpvlanModes, spec.mode) : nl::name_number(kMacvlanModes, spec.mode);
  if (!mode) return fail(Code::invalid, "Invalid {} mode {}", spec.kind, quote(spec.mode));
  if (ipvlan) message.u16(IFLA_IPVLAN_MODE, static_cast<uint16_t>(*mode));
  else message.u32(IFLA_MACVLAN_MODE, *mode);
  return {};
}

struct KindData {
  std::string_view kind;
  Result<> (*put)(nl::Message&, const LinkSpec&);
  bool parent_is_link;  ///< the parent goes into IFLA_LINK
};
constexpr KindData kKinds[] = {
    {"gretap", put_gretap, false}, {"ip6gretap", put_gretap, false}, {"ipvlan", put_mode, true}, {"macvlan", put_mode, true},
    {"macvtap", put_mode, true},   {"veth", put_veth, false},        {"vlan", put_vlan, true},   {"vxlan", put_vxlan, false},
};

const KindData* find_kind(std::string_view kind) {
  for (const KindData& row : kKinds) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

Result<> put_link_info(nl::Message& message, const LinkSpec& spec, const KindData* kind) {
  Result<> put;
  message.nest(IFLA_LINKINFO, [&] {
    message.text(IFLA_INFO_KIND, spec.kind);
    if (kind) message.nest(IFLA_INFO_DATA, [&] { put = kind->put(message, spec); });
  });
  return put;
}

/// A change of one existing interface: `fill` adds flags and attributes.
template <class Fill>
Result<> change_link(nl::Socket& socket, const std::string& name, std::string_view what, Fill fill) {
  nl::Message message(RTM_NEWLINK, 0);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = TRY(nl::index_of(name));
  TRY(fill(message, info));
  return socket.change(message, std::format("{} {}", what, quote(name)));
}

Result<> set_flag(nl::Socket& socket, const std::string& name, unsigned flag, bool on, std::string_view what) {
  return change_link(socket, name, what, [&](nl::Message&, ifinfomsg& info) -> Result<> {
    info.ifi_change = flag;
    info.ifi_flags = on ? flag : 0;
    return {};
  });
}

Result<> set_port_option(nl::Socket& socket, const std::string& name, uint16_t option, bool on) {
  nl::Message message(RTM_SETLINK, 0);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_BRIDGE;
  info.ifi_index = TRY(nl::index_of(name));
  message.nest(IFLA_PROTINFO | NLA_F_NESTED, [&] { message.u8(option, on); });
  return socket.change(message, std::format("Failed changing the bridge port {}", quote(name)));
}

Result<> change_port_vlan(nl::Socket& socket, uint16_t request, const std::string& name, const bridge_vlan_info& vlan, bool self) {
  nl::Message message(request, 0);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_BRIDGE;
  info.ifi_index = TRY(nl::index_of(name));
  message.nest(IFLA_AF_SPEC, [&] {
    message.u16(IFLA_BRIDGE_FLAGS, self ? BRIDGE_FLAGS_SELF : BRIDGE_FLAGS_MASTER);
    message.bytes(IFLA_BRIDGE_VLAN_INFO, {reinterpret_cast<const char*>(&vlan), sizeof vlan});
  });
  return socket.change(message, std::format("Failed changing VLAN {} of bridge port {}", vlan.vid, quote(name)));
}

}  // namespace

Result<> Netlink::create(const LinkSpec& spec) {
  nl::Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  if (spec.up) info.ifi_flags = info.ifi_change = IFF_UP;
  if (spec.all_multicast) {
    info.ifi_flags |= IFF_ALLMULTI;
    info.ifi_change |= IFF_ALLMULTI;
  }
  message.text(IFLA_IFNAME, spec.name);
  TRY(put_mac(message, spec.hwaddr));
  if (spec.mtu) message.u32(IFLA_MTU, spec.mtu);
  if (spec.tx_queue) message.u32(IFLA_TXQLEN, spec.tx_queue);
  if (!spec.master.empty()) message.u32(IFLA_MASTER, static_cast<uint32_t>(TRY(nl::index_of(spec.master))));
  const KindData* kind = find_kind(spec.kind);
  if (kind && kind->parent_is_link) message.u32(IFLA_LINK, static_cast<uint32_t>(TRY(nl::index_of(spec.parent))));
  TRY(put_link_info(message, spec, kind));
  return impl_->socket.change(message, std::format("Failed adding {} interface {}", spec.kind, quote(spec.name)));
}

Result<> Netlink::remove(const std::string& name) {
  nl::Message message(RTM_DELLINK, 0);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_index = TRY(nl::index_of(name));
  return impl_->socket.change(message, std::format("Failed deleting interface {}", quote(name)));
}

Result<> Netlink::set_up(const std::string& name, bool up) {
  return set_flag(impl_->socket, name, IFF_UP, up, up ? "Failed bringing up interface" : "Failed taking down interface");
}

Result<> Netlink::set_all_multicast(const std::string& name, bool on) {
  return set_flag(impl_->socket, name, IFF_ALLMULTI, on, "Failed setting all-multicast of interface");
}

Result<> Netlink::set_mtu(const std::string& name, uint32_t mtu) {
  return change_link(impl_->socket, name, std::format("Failed setting MTU {} of interface", mtu), [&](nl::Message& message, ifinfomsg&) -> Result<> {
    message.u32(IFLA_MTU, mtu);
    return {};
  });
}

Result<> Netlink::set_tx_queue(const std::string& name, uint32_t length) {
  return change_link(impl_->socket, name, "Failed setting the transmit queue of interface", [&](nl::Message& message, ifinfomsg&) -> Result<> {
    message.u32(IFLA_TXQLEN, length);
    return {};
  });
}

Result<> Netlink::set_hwaddr(const std::string& name, const std::string& hwaddr) {
  return change_link(impl_->socket, name, "Failed setting the MAC address of interface",
                     [&](nl::Message& message, ifinfomsg&) -> Result<> { return put_mac(message, hwaddr); });
}

Result<> Netlink::set_master(const std::string& name, const std::string& master) {
  return change_link(impl_->socket, name, "Failed setting the master of interface", [&](nl::Message& message, ifinfomsg&) -> Result<> {
    message.u32(IFLA_MASTER, master.empty() ? 0 : static_cast<uint32_t>(TRY(nl::index_of(master))));
    return {};
  });
}

Result<> Netlink::rename(const std::string& name, const std::string& new_name) {
  return change_link(impl_->socket, name, std::format("Failed renaming to {} the interface", quote(new_name)), [&](nl::Message& message, ifinfomsg&) -> Result<> {
    message.text(IFLA_IFNAME, new_name);
    return {};
  });
}

Result<> Netlink::add_alternative_name(const std::string& name, const std::string& alternative) {
  nl::Message message(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_index = TRY(nl::index_of(name));
  message.nest(IFLA_PROP_LIST | NLA_F_NESTED, [&] { message.text(IFLA_ALT_IFNAME, alternative); });
  return impl_->socket.change(message, std::format("Failed adding an alternative name to interface {}", quote(name)));
}

Result<> Netlink::move_to(const std::string& name, pid_t pid, const std::string& new_name) {
  return change_link(impl_->socket, name, std::format("Failed moving to process {} the interface", pid), [&](nl::Message& message, ifinfomsg&) -> Result<> {
    message.u32(IFLA_NET_NS_PID, static_cast<uint32_t>(pid));
    if (!new_name.empty()) message.text(IFLA_IFNAME, new_name);
    return {};
  });
}

Result<> Netlink::set_port_isolated(const std::string& name, bool on) { return set_port_option(impl_->socket, name, IFLA_BRPORT_ISOLATED, on); }
Result<> Netlink::set_port_hairpin(const std::string& name, bool on) { return set_port_option(impl_->socket, name, IFLA_BRPORT_MODE, on); }

Result<> Netlink::add_port_vlan(const std::string& name, int vlan, bool pvid, bool untagged, bool self) {
  int flags = (pvid ? BRIDGE_VLAN_INFO_PVID : 0) | (untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0);
  return change_port_vlan(impl_->socket, RTM_SETLINK, name, {.flags = static_cast<uint16_t>(flags), .vid = static_cast<uint16_t>(vlan)}, self);
}

Result<> Netlink::remove_port_vlan(const std::string& name, int vlan, bool self) {
  return change_port_vlan(impl_->socket, RTM_DELLINK, name, {.flags = 0, .vid = static_cast<uint16_t>(vlan)}, self);
}

}  // namespace sys
