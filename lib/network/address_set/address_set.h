// Address sets: named lists of addresses that ACL rules refer to as $name; in nftables, one named set for each family.
#pragma once
#include <vector>

#include "api/types/network_address_set.h"
#include "network/firewall/nft.h"
#include "network/network.h"

namespace network::address_set {

struct AddressSet : api::NetworkAddressSetPut {
  int64_t id = 0;
  std::string project, name;
};

Result<std::vector<AddressSet>> load_all(const Environment& env, const std::string& project);
/// Errors: not_found: `Network address set not found`.
Result<AddressSet> load(const Environment& env, const std::string& project, const std::string& name);
Result<> create(const Environment& env, const std::string& project, const api::NetworkAddressSetsPost& request);
/// Stores the addresses and puts them in force wherever ACLs in use refer to the set.
Result<> update(const Context& ctx, const Environment& env, const AddressSet& set, const api::NetworkAddressSetPut& put);
Result<> rename(const Context& ctx, const Environment& env, const AddressSet& set, const std::string& name);
Result<> remove(const Context& ctx, const Environment& env, const AddressSet& set);
/// URLs of the ACLs that refer to it.
Result<StringList> used_by(const Environment& env, const std::string& project, const std::string& name);

/// Makes the nft sets of one family's table hold what these address sets say.
Result<> add_sets(firewall::Script& script, std::string_view family, const Environment& env, const std::string& project, const StringList& names);

}  // namespace network::address_set
