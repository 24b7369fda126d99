// A network interface of the kernel as the API shows those of instances.
#pragma once
#include "api/types/instance_state.h"
#include "sys/netlink.h"

namespace core {

api::InstanceStateNetwork link_state(const sys::Link& link);
/// Of the interface that `link` of the host is the other end of: what one sends, the other receives. Its addresses aren't known.
api::InstanceStateNetwork far_end_state(const sys::Link& link);

}  // namespace core
