// The live state of host interfaces, managed or not.
#pragma once
#include "api/types/network.h"
#include "base/result.h"

namespace network {

/// Errors: not_found.
Result<api::NetworkState> interface_state(const std::string& name);
/// What the API calls an unmanaged interface: "loopback", "bridge", "vlan", "physical", "bond" or "unknown".
std::string interface_type(const std::string& name, unsigned flags);
/// Names of all interfaces but veth ends (there may be thousands, one per NIC).
Result<StringList> interface_names();

}  // namespace network
