// Config keys of network interfaces: one row each, and the tables that say which kind takes which.
#pragma once
#include <array>

#include "config/key.h"
#include "config/net_checks.h"

namespace device::nic {

using config::Key;
using config::Type;

namespace checks {
Result<> bit_rate(std::string_view value);
Result<> dhcp_address_v4(std::string_view value);
Result<> dhcp_address_v6(std::string_view value);
Result<> host_addresses_v4(std::string_view value);
Result<> host_addresses_v6(std::string_view value);
Result<> device_id(std::string_view value);
Result<> pci_address(std::string_view value);
inline Result<> acl_action(std::string_view v) { return config::one_of(v, {"allow", "allow-stateless", "drop", "reject"}); }
inline Result<> acceleration(std::string_view v) { return config::one_of(v, {"none", "sriov", "vdpa"}); }
inline Result<> bus(std::string_view v) { return config::one_of(v, {"virtio", "usb"}); }
inline Result<> macvlan_mode(std::string_view v) { return config::one_of(v, {"bridge", "vepa", "passthru", "private"}); }
inline Result<> ipvlan_mode(std::string_view v) { return config::one_of(v, {"l2", "l3s"}); }
inline Result<> gateway_v4(std::string_view v) { return v == "none" || v == "auto" ? Result<>() : config::is_address_v4(v); }
inline Result<> gateway_v6(std::string_view v) { return v == "none" || v == "auto" ? Result<>() : config::is_address_v6(v); }
/// Host sided gateways can't be chosen, only switched.
inline Result<> auto_gateway(std::string_view v) { return config::one_of(v, {"auto", "none"}); }
}  // namespace checks

namespace rows {
inline constexpr Key attached{.name = "attached", .type = Type::boolean, .def = "true", .required = "no", .summary = "Plug the NIC in"};
inline constexpr Key boot_priority{.name = "boot.priority", .type = Type::integer, .summary = "Place in a virtual machine's boot order; higher boots first"};
inline constexpr Key connected{.name = "connected", .type = Type::boolean, .def = "true", .required = "no", .summary = "Let the link be up"};
inline constexpr Key gvrp{.name = "gvrp", .type = Type::boolean, .def = "false", .summary = "Announce the VLAN by GVRP"};
inline constexpr Key host_name{.name = "host_name", .def = "randomly assigned", .summary = "Name of the interface on the host", .check = config::is_interface_name};
inline constexpr Key hwaddr{.name = "hwaddr", .def = "randomly assigned", .summary = "MAC address inside the instance", .check = config::is_mac};
inline constexpr Key io_bus{.name = "io.bus", .def = "`virtio`", .summary = "Bus of a virtual machine's NIC", .check = checks::bus};
inline constexpr Key v4_address{.name = "ipv4.address", .summary = "IPv4 address to lease, or `none`", .check = checks::dhcp_address_v4};
inline constexpr Key v6_address{.name = "ipv6.address", .summary = "IPv6 address to lease, or `none`", .check = checks::dhcp_address_v6};
inline constexpr Key v4_gateway{.name = "ipv4.gateway", .summary = "IPv4 gateway inside an OCI container", .check = checks::gateway_v4};
inline constexpr Key v6_gateway{.name = "ipv6.gateway", .summary = "IPv6 gateway inside an OCI container", .check = checks::gateway_v6};
inline constexpr Key v4_routes{.name = "ipv4.routes", .summary = "IPv4 subnets the host routes to the NIC", .check = config::list_of<config::is_network_v4>};
inline constexpr Key v6_routes{.name = "ipv6.routes", .summary = "IPv6 subnets the host routes to the NIC", .check = config::list_of<config::is_network_v6>};
inline constexpr Key v4_external{.name = "ipv4.routes.external", .summary = "IPv4 subnets routed to the NIC and advertised by BGP",
                                 .check = config::list_of<config::is_network_v4>};
inline constexpr Key v6_external{.name = "ipv6.routes.external", .summary = "IPv6 subnets routed to the NIC and advertised by BGP",
                                 .check = config::list_of<config::is_network_v6>};
inline constexpr Key limits_egress{.name = "limits.egress", .summary = "Rate limit of outgoing traffic", .check = checks::bit_rate};
inline constexpr Key limits_ingress{.name = "limits.ingress", .summary = "Rate limit of incoming traffic", .check = checks::bit_rate};
inline constexpr Key limits_max{.name = "limits.max", .summary = "Rate limit of each direction", .check = checks::bit_rate};
inline constexpr Key limits_priority{.name = "limits.priority", .type = Type::integer, .summary = "Priority that the host's queues see"};
inline constexpr Key mtu{.name = "mtu", .type = Type::integer, .def = "MTU of the parent device", .summary = "Largest packet", .check = config::is_mtu};
inline constexpr Key name{.name = "name", .def = "kernel assigned", .summary = "Name of the interface inside the instance", .check = config::is_interface_name};
inline constexpr Key network{.name = "network", .summary = "Managed network to connect to"};
inline constexpr Key parent{.name = "parent", .summary = "Host interface to connect to", .check = config::is_interface_name};
inline constexpr Key queue_length{.name = "queue.tx.length", .type = Type::integer, .summary = "Length of the transmit queue"};
inline constexpr Key acls{.name = "security.acls", .summary = "Network ACLs for the NIC, comma separated"};
inline constexpr Key acl_egress{.name = "security.acls.default.egress.action", .def = "drop",
                                .summary = "What happens to outgoing traffic no ACL rule matches", .check = checks::acl_action};
inline constexpr Key acl_egress_log{.name = "security.acls.default.egress.logged", .type = Type::boolean, .def = "false",
                                    .summary = "Log outgoing traffic no ACL rule matches"};
inline constexpr Key acl_ingress{.name = "security.acls.default.ingress.action", .def = "drop",
                                 .summary = "What happens to incoming traffic no ACL rule matches", .check = checks::acl_action};
inline constexpr Key acl_ingress_log{.name = "security.acls.default.ingress.logged", .type = Type::boolean, .def = "false",
                                     .summary = "Log incoming traffic no ACL rule matches"};
inline constexpr Key v4_filtering{.name = "security.ipv4_filtering", .type = Type::boolean, .def = "false",
                                  .summary = "Let only the NIC's own IPv4 addresses send"};
inline constexpr Key v6_filtering{.name = "security.ipv6_filtering", .type = Type::boolean, .def = "false",
                                  .summary = "Let only the NIC's own IPv6 addresses send"};
inline constexpr Key mac_filtering{.name = "security.mac_filtering", .type = Type::boolean, .def = "false",
                                   .summary = "Let only the NIC's own MAC address send"};
inline constexpr Key port_isolation{.name = "security.port_isolation", .type = Type::boolean, .def = "false",
                                    .summary = "Keep isolated NICs of the network from talking to each other"};
inline constexpr Key vlan{.name = "vlan", .type = Type::integer, .summary = "VLAN of untagged traffic", .check = config::is_vlan};
inline constexpr Key vlan_or_none{.name = "vlan", .type = Type::integer, .summary = "VLAN of untagged traffic, `none` to leave the default one",
                                  .check = config::is_vlan_or_none};
inline constexpr Key vlan_tagged{.name = "vlan.tagged", .type = Type::integer, .summary = "VLANs and VLAN ranges of tagged traffic",
                                 .check = config::is_vlan_list};
}  // namespace rows

template <size_t N>
consteval std::array<Key, N> table(std::string_view group, std::array<Key, N> keys) {
  for (Key& key : keys) key.group = group;
  return keys;
}

inline constexpr auto kBridgedKeys = table("nic_bridged", std::to_array<Key>({
    rows::attached, rows::boot_priority, rows::connected, rows::host_name, rows::hwaddr, rows::io_bus, rows::v4_address, rows::v4_gateway,
    rows::v4_routes, rows::v4_external, rows::v6_address, rows::v6_gateway, rows::v6_routes, rows::v6_external, rows::limits_egress,
    rows::limits_ingress, rows::limits_max, rows::limits_priority, rows::mtu, rows::name, rows::network, rows::parent, rows::queue_length,
    rows::acls, rows::acl_egress, rows::acl_egress_log, rows::acl_ingress, rows::acl_ingress_log, rows::v4_filtering, rows::v6_filtering,
    rows::mac_filtering, rows::port_isolation, rows::vlan_or_none, rows::vlan_tagged,
}));

inline constexpr auto kP2pKeys = table("nic_p2p", std::to_array<Key>({
    rows::attached, rows::boot_priority, rows::connected, rows::host_name, rows::hwaddr, rows::io_bus, rows::v4_routes, rows::v6_routes,
    rows::limits_egress, rows::limits_ingress, rows::limits_max, rows::limits_priority, rows::mtu, rows::name, rows::queue_length,
}));

inline constexpr auto kMacvlanKeys = table("nic_macvlan", std::to_array<Key>({
    rows::attached, rows::boot_priority, rows::connected, rows::gvrp, rows::hwaddr, rows::io_bus,
    Key{.name = "mode", .def = "bridge", .summary = "How NICs of one parent see each other", .check = checks::macvlan_mode}, rows::mtu,
    rows::name, rows::network, rows::parent, rows::vlan,
}));

inline constexpr auto kPhysicalKeys = table("nic_physical", std::to_array<Key>({
    rows::attached, rows::boot_priority, rows::connected, rows::gvrp, rows::hwaddr, rows::mtu, rows::name, rows::network, rows::parent,
    rows::vlan, rows::vlan_tagged,
}));

inline constexpr auto kSriovKeys = table("nic_sriov", std::to_array<Key>({
    rows::attached, rows::boot_priority, rows::hwaddr, rows::mtu, rows::name, rows::network, rows::parent,
    Key{.name = "pci", .required = "no", .summary = "PCI address of the card, instead of its interface", .check = checks::pci_address},
    Key{.name = "productid", .required = "no", .summary = "Product of the card, four hex digits", .check = checks::device_id}, rows::mac_filtering,
    Key{.name = "security.trusted", .type = Type::boolean, .def = "false, if supported by parent device",
        .summary = "Let the instance change what the card does with its traffic, where the card can be told so"},
    Key{.name = "vendorid", .required = "no", .summary = "Vendor of the card, four hex digits", .check = checks::device_id}, rows::vlan,
}));

namespace rows {
inline constexpr Key v4_list{.name = "ipv4.address", .summary = "IPv4 addresses for the instance, comma separated", .check = config::list_of<config::is_address_v4>};
inline constexpr Key v6_list{.name = "ipv6.address", .summary = "IPv6 addresses for the instance, comma separated", .check = config::list_of<config::is_address_v6>};
inline constexpr Key v4_auto{.name = "ipv4.gateway", .def = "auto", .summary = "Add an IPv4 default gateway by itself: auto or none", .check = checks::auto_gateway};
inline constexpr Key v6_auto{.name = "ipv6.gateway", .def = "auto", .summary = "Add an IPv6 default gateway by itself: auto or none", .check = checks::auto_gateway};
inline constexpr Key v4_table{.name = "ipv4.host_table", .type = Type::integer, .summary = "Further routing table for IPv4 routes to the instance"};
inline constexpr Key v6_table{.name = "ipv6.host_table", .type = Type::integer, .summary = "Further routing table for IPv6 routes to the instance"};
}  // namespace rows

inline constexpr auto kRoutedKeys = table("nic_routed", std::to_array<Key>({
    rows::attached, rows::connected, rows::gvrp, rows::host_name, rows::hwaddr, rows::io_bus, rows::v4_list, rows::v4_auto,
    Key{.name = "ipv4.host_address", .def = "169.254.0.1", .summary = "IPv4 address of the host's end", .check = config::is_address_v4}, rows::v4_table,
    Key{.name = "ipv4.host_tables", .def = "254", .summary = "Routing tables for IPv4 routes to the instance, comma separated", .check = config::list_of<config::is_uint8>},
    Key{.name = "ipv4.neighbor_probe", .type = Type::boolean, .def = "true", .summary = "Refuse to start where somebody on the parent has the address"},
    rows::v4_routes, rows::v6_list, rows::v6_auto,
    Key{.name = "ipv6.host_address", .def = "fe80::1", .summary = "IPv6 address of the host's end", .check = config::is_address_v6}, rows::v6_table,
    Key{.name = "ipv6.host_tables", .def = "254", .summary = "Routing tables for IPv6 routes to the instance, comma separated", .check = config::list_of<config::is_uint8>},
    Key{.name = "ipv6.neighbor_probe", .type = Type::boolean, .def = "true", .summary = "Refuse to start where somebody on the parent has the address"},
    rows::v6_routes, rows::limits_egress, rows::limits_ingress, rows::limits_max, rows::limits_priority, rows::mtu, rows::name, rows::parent,
    rows::queue_length, rows::vlan, Key{.name = "vrf", .summary = "VRF of the host that routes the instance's packets"},
}));

/// In mode l2 addresses may carry a prefix, and gateways are addresses: the kind checks those itself.
inline constexpr auto kIpvlanKeys = table("nic_ipvlan", std::to_array<Key>({
    rows::attached, rows::gvrp, rows::hwaddr, Key{.name = "ipv4.address", .summary = "IPv4 addresses for the instance, comma separated"},
    Key{.name = "ipv4.gateway", .def = "auto (in l3s mode), - (in l2 mode)", .summary = "IPv4 gateway: auto or none, in mode l2 an address"}, rows::v4_table,
    Key{.name = "ipv6.address", .summary = "IPv6 addresses for the instance, comma separated"},
    Key{.name = "ipv6.gateway", .def = "auto (in l3s mode), - (in l2 mode)", .summary = "IPv6 gateway: auto or none, in mode l2 an address"}, rows::v6_table,
    Key{.name = "mode", .def = "l3s", .summary = "Switch by MAC address (l2) or by IP address (l3s)", .check = checks::ipvlan_mode}, rows::mtu, rows::name, rows::parent, rows::vlan,
}));

}  // namespace device::nic
