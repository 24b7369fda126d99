// Running programs with a folder as their root.
#pragma once
#include <string>

#include "applets/image/definition.h"

namespace builder {

/// Runs a script (with its #! line) in `root`, in mount and pid namespaces that end with it: whatever it starts or mounts is gone afterwards.
/// It has /proc, /sys, /dev, /run and /tmp of its own, the host's network and resolv.conf. What it prints goes to our output.
/// Errors: invalid (it failed, `what` is named), internal. Blocks for as long as it runs.
Result<> run_in_root(const Context& ctx, const std::string& root, const std::string& script, const StringMap& environment, const std::string& what);

}  // namespace builder
