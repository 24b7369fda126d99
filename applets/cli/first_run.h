// The one-time greeting of a user without a configuration file.
#pragma once
#include "applets/cli/config.h"
#include "applets/cli/flags.h"

namespace cli {
/// Writes the first config.yml, and hints at the next step on standard error if this machine has a server.
void welcome(const Command& command, const Flags& flags, Config& config);
}
