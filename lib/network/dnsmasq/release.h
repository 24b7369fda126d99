// Giving leases back in the name of an instance (RFC 2131 DHCPRELEASE, RFC 8415 Release), so that dnsmasq forgets it at once.
#pragma once
#include <string>

namespace network::dnsmasq {

enum class Which { all, v4, v6 };

/// Sends a release to the network's dnsmasq for each lease of the NIC (IPv4 by MAC address, IPv6 by host name). Best effort: what fails
/// is logged, as a lease also ends by itself. `folder`: the network's; `interface`: the bridge.
void release_leases(const std::string& folder, const std::string& interface, const std::string& instance, const std::string& hwaddr, Which which);

}  // namespace network::dnsmasq
