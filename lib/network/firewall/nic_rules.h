// Filters on bridge ports: which addresses a NIC may send from, and its own ACLs. Family "bridge", chains in/fwd/out.<instance>.<device>.
#pragma once
#include <vector>

#include "base/ip.h"
#include "network/firewall/nft.h"

namespace network::firewall {

/// What a NIC may claim to be.
struct AllowedSources {
  bool mac = false;              ///< only its own MAC address
  bool v4 = false, v6 = false;   ///< filter this family …
  std::vector<IpNetwork> v4_nets, v6_nets;  ///< … down to these; none at all: nothing of the family passes
};

/// A NIC's ACL rules as nft texts, in the order they are asked.
struct NicAclRules {
  bool any = false;
  StringList in_drop, in_reject, in_reject_as_drop, in_accept;  ///< from the instance; rejecting isn't possible when forwarding on a bridge
  StringList out_drop, out_accept;                              ///< to the instance
  std::string in_default, in_default_as_drop, out_default;
};

struct NicRules {
  std::string label;      ///< "<project>_<instance>.<device>"
  std::string host_name;  ///< the port
  std::string hwaddr;
  AllowedSources sources;
  StringList dns_v4, dns_v6;  ///< name servers that stay reachable under ACLs
  NicAclRules acl;
};

/// Replaces the NIC's chains.
void add_nic(Script& script, const NicRules& rules);
void drop_nic(Script& script, const std::string& label);

}  // namespace network::firewall
