// incusd's small commands, which talk to a running daemon.
#pragma once
#include <optional>
#include <string>

#include "base/strings.h"

namespace incusd {
/// Exit code of the command, or nothing if there is no such command.
std::optional<int> run_command(const std::string& name, const StringList& args);
}  // namespace incusd
