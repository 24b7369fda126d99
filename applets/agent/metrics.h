// Measurements of the machine, as the daemon asks for them.
#pragma once
#include <string>

namespace agent {

/// JSON text; what can't be read is left empty.
std::string machine_metrics();

}  // namespace agent
