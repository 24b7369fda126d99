// The parts of `incus file` that are files of their own.
#pragma once
#include "applets/cli/call.h"

namespace cli {

/// keep_mode: an existing target keeps its owner and mode.
Result<> push_files(Call& call, const StringList& sources, const Arg& where, bool keep_mode);
Result<> pull_files(Call& call, const std::vector<Arg>& sources, const std::string& target);

}  // namespace cli
