// The zones that a network's dns.zone.* keys name.
#pragma once
#include "network/network.h"

namespace network {

/// Each exists, at most one per project in a forward list, exactly one in a reverse key. Errors: invalid.
Result<> check_zone_names(const Environment& env, const StringMap& config);

}  // namespace network
