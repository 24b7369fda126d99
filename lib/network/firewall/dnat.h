// Redirecting addresses and ports of the host to instances: network forwards and NAT proxies.
#pragma once
#include <vector>

#include "base/ip.h"
#include "network/firewall/nft.h"

namespace network::firewall {

struct PortRange {
  int64_t first = 0, count = 1;
  std::string text() const { return count == 1 ? std::to_string(first) : std::format("{}-{}", first, first + count - 1); }
  friend bool operator==(const PortRange&, const PortRange&) = default;
};
/// "80-82,90" as single ports. Errors: invalid.
Result<std::vector<int64_t>> parse_ports(const std::string& list);
/// Runs of consecutive ports.
std::vector<PortRange> port_ranges(const std::vector<int64_t>& ports);

/// One redirection. Without a protocol everything that arrives at the address goes to the target.
struct Redirect {
  IpAddress listen;  ///< unspecified: every address of the host (proxies)
  IpAddress target;
  std::string protocol;  ///< "tcp", "udp" or empty
  std::vector<int64_t> listen_ports;
  std::vector<int64_t> target_ports;  ///< none: as listened; one: all to it; else one each
  bool snat = false;  ///< what the target sends from these ports leaves with the listen address
};

/// Which listen ports go to which target ports, in as few rules as nft can say it.
std::vector<std::pair<PortRange, PortRange>> pair_ports(const Redirect& redirect);

/// Replaces the chains <prefix>prert.<label>, <prefix>out.<label> and <prefix>pstrt.<label>; no redirects: removes them.
void set_redirects(Script& script, const std::string& prefix, const std::string& label, const std::vector<Redirect>& redirects);

}  // namespace network::firewall
