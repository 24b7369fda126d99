// Network ACLs: named lists of rules that networks and NICs refer to.
#pragma once
#include <vector>

#include "api/types/network_acl.h"
#include "network/firewall/nic_rules.h"
#include "network/network.h"

namespace network::acl {

struct Acl : api::NetworkACLPut {
  int64_t id = 0;
  std::string project, name;
};

/// All of a project, or of all projects if it is empty.
Result<std::vector<Acl>> load_all(const Environment& env, const std::string& project);
/// Errors: not_found: `Network ACL not found`.
Result<Acl> load(const Environment& env, const std::string& project, const std::string& name);
Result<> create(const Environment& env, const std::string& project, const api::NetworkACLsPost& request);
/// Stores the rules and applies them wherever the ACL is in use. Errors: invalid; what nft refused (the old rules hold again then).
Result<> update(const Context& ctx, const Environment& env, const Acl& acl, api::NetworkACLPut put);
Result<> rename(const Environment& env, const Acl& acl, const std::string& name);
Result<> remove(const Environment& env, const Acl& acl);
/// URLs of networks, profiles, instances and other ACLs that refer to it.
Result<StringList> used_by(const Environment& env, const std::string& project, const std::string& name);
/// All of them exist, none twice. Errors: invalid.
Result<> check_names(const Environment& env, const std::string& project, const std::string& list);

// Firewall rules (firewall.cpp).

/// The rules of the ACLs that a network's config names, into its chain acl.<network>; with the address sets they use.
Result<> add_network_rules(firewall::Script& script, const Environment& env, const Record& network);
/// The same for a NIC's own ACLs, on the port `host_name`. `project`: where the ACLs live.
Result<firewall::NicAclRules> nic_rules(firewall::Script& script, const Environment& env, const std::string& project, const std::string& device,
                                        const std::string& host_name, const StringMap& config);

}  // namespace network::acl
