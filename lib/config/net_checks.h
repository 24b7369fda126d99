// Checks for values that are addresses, networks, interface names and ports; used as the `check` of key rows.
#pragma once
#include <initializer_list>
#include <string_view>

#include "base/result.h"

namespace config {

Result<> is_interface_name(std::string_view value);
Result<> is_mac(std::string_view value);
/// Six bytes where `x` stands for a random digit.
Result<> is_mac_pattern(std::string_view value);
Result<> is_address(std::string_view value);
Result<> is_address_v4(std::string_view value);
Result<> is_address_v6(std::string_view value);
/// A subnet: no host bits set.
Result<> is_network(std::string_view value);
Result<> is_network_v4(std::string_view value);
Result<> is_network_v6(std::string_view value);
/// A host address with its prefix length.
Result<> is_host_in_network(std::string_view value);
Result<> is_host_in_network_v4(std::string_view value);
Result<> is_host_in_network_v6(std::string_view value);
Result<> is_range(std::string_view value);
Result<> is_range_v4(std::string_view value);
Result<> is_range_v6(std::string_view value);
Result<> is_vlan(std::string_view value);
/// "none" or a VLAN id.
Result<> is_vlan_or_none(std::string_view value);
/// Comma separated ids and ranges ("100,200-210").
Result<> is_vlan_list(std::string_view value);
Result<> is_mtu(std::string_view value);
Result<> is_port(std::string_view value);
/// "80" or "80-90".
Result<> is_port_range(std::string_view value);
/// Alternating subnets and gateways, as dnsmasq's option 121 takes them.
Result<> is_dhcp_route_list(std::string_view value);
Result<> is_uint8(std::string_view value);
/// A DNS label of 1 to 63 characters.
Result<> is_hostname(std::string_view value);

Result<> one_of(std::string_view value, std::initializer_list<std::string_view> allowed);

/// Every comma separated item passes `Item`.
Result<> check_list(std::string_view value, Result<> (*item)(std::string_view));
template <Result<> (*Item)(std::string_view)>
Result<> list_of(std::string_view value) {
  return check_list(value, Item);
}

}  // namespace config
