// The daemon's folders, made at start with the modes that instances and tools rely on (wire.md, section 16).
#pragma once
#include "base/result.h"
#include "core/paths.h"

namespace incusd {

/// Makes what is missing and corrects modes. Errors: internal.
Result<> make_directories(const core::Paths& paths);

}  // namespace incusd
