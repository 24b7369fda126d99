// The texts of --help.
#pragma once
#include <string>

#include "applets/cli/command.h"

namespace cli {

struct HelpOptions {
  bool all = false;           ///< hidden commands too
  bool sub_commands = false;  ///< all levels
};

/// A line for each flag, sorted by name.
std::string flag_lines(std::span<const Flag> flags);
/// From "Usage:" on.
std::string usage_text(const Command& command, HelpOptions options);
/// With the description in front.
std::string help_text(const Command& command, HelpOptions options);

}  // namespace cli
