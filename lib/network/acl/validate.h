// What makes an ACL's name and rules valid.
#pragma once
#include "api/types/network_acl.h"
#include "network/network.h"

namespace network::acl {

/// A host name that can't be taken for an address or a selector.
Result<> check_name(const std::string& name);
/// Trims lists and checks every rule; duplicates are refused. Subjects may name ACLs and address sets of the project.
Result<> check(const Environment& env, const std::string& project, api::NetworkACLPut& put);

}  // namespace network::acl
