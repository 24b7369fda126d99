// The parts of the instance key table.
#pragma once
#include "config/key.h"

namespace instance {

config::Keys general_keys();
config::Keys kernel_keys();
config::Keys security_keys();
config::Keys volatile_keys();

}  // namespace instance
