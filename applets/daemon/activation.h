// Whether the daemon has work of its own, told from its databases while it does not run: `incusd activateifneeded`.
#pragma once
#include <string>

#include "base/result.h"
#include "core/paths.h"

namespace incusd {

/// A sentence saying why the daemon should run now; empty if nothing needs it. Says at debug level what it found then. Only reads. Blocks.
Result<std::string> activation_reason(const core::Paths& paths);

}  // namespace incusd
