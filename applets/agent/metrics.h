// Measurements of the machine, as the daemon asks for them.
#pragma once
#include <string>

namespace agent {

/// JSON text; what can't be read is left empty.
std::string machine_metrics();

/// Is this mount one whose fill level says something? (No pseudo file systems, nothing below /dev, /proc and /sys.)
bool is_measured_mount(std::string_view target, std::string_view type);

}  // namespace agent
