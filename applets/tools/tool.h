// Small programs with sub-commands (`incus-simplestreams add …`): a table of them, flags as the client has, help in the same layout.
#pragma once
#include <string>

#include "applets/applet.h"
#include "applets/cli/flags.h"
#include "base/context.h"

namespace tools {

/// One call of a sub-command.
struct Call {
  cli::Flags flags;
  StringList words;  ///< arguments that are no flags
  Context ctx;       ///< never stopped
};

struct Verb {
  std::string_view name, usage, summary;  ///< usage: the arguments, without the command itself
  Result<> (*run)(Call& call);
  size_t least = 0, most = 0;             ///< how many arguments
  std::span<const cli::Flag> flags = {};
  std::string_view aliases = "", about = "";
};

struct Tool {
  std::string_view name, summary, about;
  std::span<const Verb> verbs;
};

/// Runs what `args` ask for. Prints errors as "Error: …". Returns the exit code.
int run_tool(const Tool& tool, const Args& args);

}  // namespace tools
