// What a network port says of its link through the ethtool ioctls.
#pragma once
#include "api/types/resource.h"

namespace resources {

/// False where the driver answers nothing: such a port is left out.
bool add_port_facts(api::ResourcesNetworkCardPort& port);
std::string firmware_version(const std::string& interface);

}  // namespace resources
