// Modules of the kernel.
#pragma once
#include <string>

#include "base/context.h"

namespace sys {

/// Loads a module with what it needs, as modprobe(8) is configured to; success if it is there already. Blocks up to 10 s.
/// Errors: invalid (no name of a module), unsupported (the kernel has none of that name, or there is no modprobe), cancelled.
Result<> load_module(const Context& ctx, const std::string& name);

}  // namespace sys
