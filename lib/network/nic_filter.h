// Filters of bridged NICs: spoofing protection and ACLs, computed from config alone, so that both the device and a changed ACL can apply them.
#pragma once
#include "network/attached.h"
#include "network/firewall/nft.h"

namespace network {

/// A running NIC.
struct FilteredNic {
  std::string project, instance, device;
  StringMap config;
  std::string hwaddr;
  std::string host_name;  ///< the port
  std::shared_ptr<Network> network;  ///< null on an unmanaged bridge
};

/// Does the config ask for any filter?
bool wants_filter(const StringMap& config);
/// The part of chain names that stands for the NIC.
std::string filter_label(const FilteredNic& nic);
/// The reservation the NIC should have: what its config says, and for filtered families the address already chosen for it.
Reservation reservation_for(const FilteredNic& nic, const Environment& env);
/// Replaces the NIC's filters. Where filtering needs an address and the config names none, one is chosen and reserved. Blocks.
Result<> apply_nic_filter(const Context& ctx, const Environment& env, const FilteredNic& nic);
/// Failures are logged.
void drop_nic_filter(const Context& ctx, const FilteredNic& nic);

/// Applies the rules of ACLs (of `project`) again wherever running networks and NICs use one of them.
Result<> apply_everywhere(const Context& ctx, const Environment& env, const std::string& project, const StringList& acls);

}  // namespace network
