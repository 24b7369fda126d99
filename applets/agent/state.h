// What the machine says about itself.
#pragma once
#include "api/types/instance_state.h"

namespace agent {

/// CPU time, memory, interfaces, processes and the system's names. Reads proc(5), sysfs and netlink; some ms.
api::InstanceState machine_state();
/// Only the interfaces, by name; none where the kernel does not tell.
std::map<std::string, api::InstanceStateNetwork> network_state();
int64_t count_processes();

}  // namespace agent
