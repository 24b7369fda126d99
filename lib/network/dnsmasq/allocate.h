// Choosing a free address of a network's DHCP ranges for a NIC that needs one before it asks.
#pragma once
#include <optional>

#include "network/dnsmasq/hosts.h"

namespace network::dnsmasq {

/// The subnet DHCP serves; none where it is off.
std::optional<IpNetwork> dhcp_subnet(const StringMap& config, int family);
/// Is the address in the subnet (not its first, nor an IPv4 subnet's last) and in one of the network's ranges, if it has any?
bool valid_lease(const StringMap& config, int family, const IpAddress& address);

/// The NIC's reservation or lease if it still fits, else a free address. Nothing where the family has no DHCP.
/// Errors: internal if no address is left.
Result<std::optional<IpAddress>> choose_address(const std::string& folder, const StringMap& config, int family, const Reservation& nic);

}  // namespace network::dnsmasq
