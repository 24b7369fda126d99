// The rules of one bridge network: NAT, forwarding policy, access to DHCP and DNS on the host, chains its ACLs hang on.
#pragma once
#include <optional>
#include <vector>

#include "base/ip.h"
#include "network/firewall/nft.h"

namespace network::firewall {

struct SourceNat {
  IpNetwork subnet;
  std::optional<IpAddress> address;  ///< none: masquerade
};

/// What one address family of a network wants.
struct FamilyRules {
  bool firewall = false;    ///< rules that accept or reject forwarding
  bool forwarding = false;  ///< accept, else reject
  bool services = false;    ///< accept ICMP, DHCP and DNS
  std::optional<SourceNat> nat;
};

struct NetworkRules {
  std::string network;  ///< the bridge's name
  FamilyRules v4, v6;
  bool acl = false;
};

/// Replaces all rules of the network. ACL and forward chains are emptied too: their owners fill them afterwards.
void add_network(Script& script, const NetworkRules& rules);
/// Removes everything add_network(), ACLs and forwards made.
void drop_network(Script& script, const std::string& network);

}  // namespace network::firewall
