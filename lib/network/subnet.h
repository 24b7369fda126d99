// Finding subnets nobody uses, for networks whose address is "auto".
#pragma once
#include "base/context.h"
#include "base/ip.h"

namespace network {

/// 10.a.b.1/24 or fd42:a:b:c::1/64: not routed from here, and no host answers on it. Blocks up to a second.
Result<IpNetwork> unused_subnet(const Context& ctx, int family);

}  // namespace network
