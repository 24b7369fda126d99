// Config keys of bridge networks. Sorted; `*` stands for the name of a tunnel or BGP peer.
#pragma once
#include "config/key.h"
#include "config/net_checks.h"

namespace network::bridge {

using config::Key;
using config::Type;

namespace checks {
inline Result<> ipv4_address(std::string_view v) { return v == "none" || v == "auto" ? Result<>() : config::is_host_in_network_v4(v); }
inline Result<> ipv6_address(std::string_view v) {
  return v == "none" || v == "auto" || config::is_network_v6(v) ? Result<>() : config::is_host_in_network_v6(v);
}
inline Result<> gateway(std::string_view v) { return v == "none" ? Result<>() : config::is_address_v4(v); }
inline Result<> driver(std::string_view v) { return config::one_of(v, {"native", "openvswitch"}); }
inline Result<> dns_mode(std::string_view v) { return config::one_of(v, {"dynamic", "managed", "none"}); }
inline Result<> nat_order(std::string_view v) { return config::one_of(v, {"before", "after"}); }
inline Result<> acl_action(std::string_view v) { return config::one_of(v, {"allow", "allow-stateless", "drop", "reject"}); }
inline Result<> tunnel_protocol(std::string_view v) { return config::one_of(v, {"gre", "vxlan"}); }
Result<> external_interfaces(std::string_view value);
}  // namespace checks

inline constexpr Key kBridgeKeys[] = {
    {.name = "bgp.ipv4.instances", .group = "common", .type = Type::boolean, .def = "false", .condition = "BGP server",
     .summary = "Advertise a /32 route for each running instance"},
    {.name = "bgp.ipv4.nexthop", .group = "common", .def = "local address", .condition = "BGP server", .scope = "local",
     .summary = "Next hop to put into advertised IPv4 prefixes", .check = config::is_address_v4},
    {.name = "bgp.ipv6.instances", .group = "common", .type = Type::boolean, .def = "false", .condition = "BGP server",
     .summary = "Advertise a /128 route for each running instance"},
    {.name = "bgp.ipv6.nexthop", .group = "common", .def = "local address", .condition = "BGP server", .scope = "local",
     .summary = "Next hop to put into advertised IPv6 prefixes", .check = config::is_address_v6},
    {.name = "bgp.peers.*.address", .group = "bgp", .def = "-", .condition = "BGP server",
     .summary = "Address of a BGP peer of networks below this one", .check = config::is_address},
    {.name = "bgp.peers.*.asn", .group = "bgp", .type = Type::integer, .def = "-", .condition = "BGP server",
     .summary = "AS number of the BGP peer"},
    {.name = "bgp.peers.*.holdtime", .group = "bgp", .type = Type::integer, .def = "180", .unit = "seconds", .condition = "BGP server",
     .summary = "How long a silent BGP session is kept"},
    {.name = "bgp.peers.*.interface", .group = "bgp", .def = "-", .condition = "BGP server",
     .summary = "Interface for unnumbered peering, in place of an address", .check = config::is_interface_name},
    {.name = "bgp.peers.*.password", .group = "bgp", .def = "- (no password)", .condition = "BGP server",
     .summary = "Password of the BGP session", .secret = true},
    {.name = "bridge.driver", .group = "common", .def = "native", .condition = "-",
     .summary = "What implements the bridge: the kernel or Open vSwitch", .check = checks::driver},
    {.name = "bridge.external_interfaces", .group = "common", .def = "-", .condition = "-",
     .summary = "Host interfaces without addresses to make ports of the bridge", .check = checks::external_interfaces},
    {.name = "bridge.hwaddr", .group = "common", .def = "-", .condition = "-", .summary = "Fixed MAC address of the bridge",
     .check = config::is_mac},
    {.name = "bridge.mtu", .group = "common", .type = Type::integer, .def = "1500", .condition = "-",
     .summary = "Largest packet on the bridge; lower where tunnels are used", .check = config::is_mtu},
    {.name = "bridge.multicast_snooping", .group = "common", .type = Type::boolean, .def = "true", .condition = "native bridge",
     .summary = "Forward multicast only to ports that joined the group"},
    {.name = "dns.domain", .group = "common", .def = "incus", .condition = "-", .summary = "Domain of the instances' names"},
    {.name = "dns.mode", .group = "common", .def = "managed", .condition = "-",
     .summary = "Who registers names: the daemon (managed), the clients (dynamic) or nobody (none)", .check = checks::dns_mode},
    {.name = "dns.nameservers", .group = "common", .def = "IPv4 and IPv6 address", .condition = "-",
     .summary = "DNS servers to hand out in place of the bridge's own", .check = config::list_of<config::is_address>},
    {.name = "dns.search", .group = "common", .def = "-", .condition = "-", .summary = "Search domains to hand out, comma separated"},
    {.name = "dns.zone.forward", .group = "common", .def = "managed", .condition = "-", .summary = "Network zones that get forward records"},
    {.name = "dns.zone.reverse.ipv4", .group = "common", .def = "managed", .condition = "-", .summary = "Network zone for IPv4 reverse records"},
    {.name = "dns.zone.reverse.ipv6", .group = "common", .def = "managed", .condition = "-", .summary = "Network zone for IPv6 reverse records"},
    {.name = "ipv4.address", .group = "common", .def = "- (initial value on creation: `auto`)", .condition = "standard mode",
     .summary = "Address and prefix of the bridge, `none`, or `auto` for an unused subnet", .check = checks::ipv4_address},
    {.name = "ipv4.dhcp", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv4 address", .summary = "Serve DHCPv4"},
    {.name = "ipv4.dhcp.expiry", .group = "common", .def = "1h", .condition = "IPv4 DHCP", .summary = "Life time of DHCPv4 leases"},
    {.name = "ipv4.dhcp.gateway", .group = "common", .def = "IPv4 address", .condition = "IPv4 DHCP",
     .summary = "Gateway to announce, `none` for no gateway", .check = checks::gateway},
    {.name = "ipv4.dhcp.ranges", .group = "common", .def = "all addresses", .condition = "IPv4 DHCP",
     .summary = "Address ranges (FIRST-LAST) to lease, comma separated", .check = config::list_of<config::is_range_v4>},
    {.name = "ipv4.dhcp.routes", .group = "common", .def = "-", .condition = "IPv4 DHCP",
     .summary = "Static routes for DHCP clients: SUBNET,GATEWAY pairs", .check = config::is_dhcp_route_list},
    {.name = "ipv4.firewall", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv4 address",
     .summary = "Let the network's IPv4 traffic through the host firewall"},
    {.name = "ipv4.nat", .group = "common", .type = Type::boolean,
     .def = "false(initial value on creation if `ipv4.address` is set to `auto`: `true`)", .condition = "IPv4 address",
     .summary = "Masquerade outgoing IPv4 traffic"},
    {.name = "ipv4.nat.address", .group = "common", .def = "-", .condition = "IPv4 address",
     .summary = "Source address of outgoing IPv4 traffic", .check = config::is_address_v4},
    {.name = "ipv4.nat.order", .group = "common", .def = "before", .condition = "IPv4 address",
     .summary = "Place of the NAT rules among existing ones; without effect on nftables", .check = checks::nat_order},
    {.name = "ipv4.ovn.ranges", .group = "common", .def = "-", .condition = "-",
     .summary = "IPv4 ranges for the routers of OVN networks below this one", .check = config::list_of<config::is_range_v4>},
    {.name = "ipv4.routes", .group = "common", .def = "-", .condition = "IPv4 address",
     .summary = "Further IPv4 subnets to route to the bridge", .check = config::list_of<config::is_network_v4>},
    {.name = "ipv4.routing", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv4 DHCP",
     .summary = "Route IPv4 traffic in and out of the bridge"},
    {.name = "ipv6.address", .group = "common", .def = "- (initial value on creation: `auto`)", .condition = "standard mode",
     .summary = "Address and prefix of the bridge, `none`, or `auto` for an unused subnet", .check = checks::ipv6_address},
    {.name = "ipv6.dhcp", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv6 DHCP",
     .summary = "Give clients network settings by DHCPv6"},
    {.name = "ipv6.dhcp.expiry", .group = "common", .def = "1h", .condition = "IPv6 DHCP", .summary = "Life time of DHCPv6 leases"},
    {.name = "ipv6.dhcp.ranges", .group = "common", .def = "all addresses", .condition = "IPv6 stateful DHCP",
     .summary = "Address ranges (FIRST-LAST) to lease, comma separated", .check = config::list_of<config::is_range_v6>},
    {.name = "ipv6.dhcp.stateful", .group = "common", .type = Type::boolean, .def = "false", .condition = "IPv6 DHCP",
     .summary = "Lease addresses by DHCPv6, not only settings"},
    {.name = "ipv6.firewall", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv6 address",
     .summary = "Let the network's IPv6 traffic through the host firewall"},
    {.name = "ipv6.nat", .group = "common", .type = Type::boolean,
     .def = "false (initial value on creation if `ipv6.address` is set to `auto`: `true`)", .condition = "IPv6 address",
     .summary = "Masquerade outgoing IPv6 traffic"},
    {.name = "ipv6.nat.address", .group = "common", .def = "-", .condition = "IPv6 address",
     .summary = "Source address of outgoing IPv6 traffic", .check = config::is_address_v6},
    {.name = "ipv6.nat.order", .group = "common", .def = "before", .condition = "IPv6 address",
     .summary = "Place of the NAT rules among existing ones; without effect on nftables", .check = checks::nat_order},
    {.name = "ipv6.ovn.ranges", .group = "common", .def = "-", .condition = "-",
     .summary = "IPv6 ranges for the routers of OVN networks below this one", .check = config::list_of<config::is_range_v6>},
    {.name = "ipv6.ra", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv6 address",
     .summary = "Send router advertisements"},
    {.name = "ipv6.routes", .group = "common", .def = "-", .condition = "IPv6 address",
     .summary = "Further IPv6 subnets to route to the bridge", .check = config::list_of<config::is_network_v6>},
    {.name = "ipv6.routing", .group = "common", .type = Type::boolean, .def = "true", .condition = "IPv6 address",
     .summary = "Route IPv6 traffic in and out of the bridge"},
    {.name = "raw.dnsmasq", .group = "common", .def = "-", .condition = "-", .summary = "Lines for dnsmasq's configuration file"},
    {.name = "security.acls", .group = "common", .def = "-", .condition = "-",
     .summary = "Network ACLs for the NICs of this network, comma separated"},
    {.name = "security.acls.default.egress.action", .group = "common", .def = "reject", .condition = "security.acls",
     .summary = "What happens to outgoing traffic no ACL rule matches", .check = checks::acl_action},
    {.name = "security.acls.default.egress.logged", .group = "common", .type = Type::boolean, .def = "false", .condition = "security.acls",
     .summary = "Log outgoing traffic no ACL rule matches"},
    {.name = "security.acls.default.ingress.action", .group = "common", .def = "reject", .condition = "security.acls",
     .summary = "What happens to incoming traffic no ACL rule matches", .check = checks::acl_action},
    {.name = "security.acls.default.ingress.logged", .group = "common", .type = Type::boolean, .def = "false", .condition = "security.acls",
     .summary = "Log incoming traffic no ACL rule matches"},
    {.name = "tunnel.*.group", .group = "common", .def = "239.0.0.1", .condition = "vxlan",
     .summary = "Multicast group of the tunnel, where no remote is given", .check = config::is_address},
    {.name = "tunnel.*.id", .group = "common", .type = Type::integer, .def = "0", .condition = "vxlan", .summary = "VXLAN network id"},
    {.name = "tunnel.*.interface", .group = "common", .def = "-", .condition = "vxlan", .summary = "Host interface the tunnel uses",
     .check = config::is_interface_name},
    {.name = "tunnel.*.local", .group = "common", .def = "-", .condition = "gre or vxlan", .summary = "Own address of the tunnel",
     .check = config::is_address},
    {.name = "tunnel.*.port", .group = "common", .type = Type::integer, .def = "0", .condition = "vxlan", .summary = "UDP port of the tunnel",
     .check = config::is_port},
    {.name = "tunnel.*.protocol", .group = "common", .def = "-", .condition = "standard mode", .summary = "Kind of tunnel",
     .check = checks::tunnel_protocol},
    {.name = "tunnel.*.remote", .group = "common", .def = "-", .condition = "gre or vxlan", .summary = "Address of the other end",
     .check = config::is_address},
    {.name = "tunnel.*.ttl", .group = "common", .type = Type::integer, .def = "1", .condition = "vxlan",
     .summary = "Hops a multicast packet of the tunnel may take", .check = config::is_uint8},
    {.name = "user.*", .group = "common", .def = "-", .condition = "-", .summary = "Free keys for the user"},
};

}  // namespace network::bridge
