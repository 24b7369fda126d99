// Facts about the host's own interfaces and routes that networks and NICs depend on.
#pragma once
#include <string>

#include "base/ip.h"
#include "base/result.h"

namespace sys {
class Netlink;
}

namespace network {

/// The interface of the IPv4 default route. Errors: internal without one.
Result<std::string> default_gateway_interface(sys::Netlink& netlink);
/// The host's interface for a VLAN of `parent` (one that exists already, else the name it will get); `parent` itself without a VLAN.
std::string host_interface(const std::string& parent, const std::string& vlan);
/// Makes the VLAN interface and brings parent and it up. Errors: conflict if the name is taken.
Result<> create_vlan(sys::Netlink& netlink, const std::string& parent, const std::string& interface, int vlan, bool gvrp);
/// True where a route other than the default one leads into `subnet`.
bool is_routed(const IpNetwork& subnet);
/// bridge-nf-call-iptables (4) or -ip6tables (6) is on. Errors: what is missing.
Result<> bridge_netfilter(int family);

}  // namespace network
