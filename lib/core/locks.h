// Named locks for entities. Order: project < network < pool < volume < instance; never take an earlier one while holding a later one.
#pragma once
#include <memory>
#include <string>

#include "base/context.h"

namespace core {

/// Process-wide. `acquire` blocks until the name is free; the handle releases it. Errors: cancelled, timeout.
Result<std::shared_ptr<void>> acquire_lock(const Context& ctx, const std::string& name);
/// Without waiting; null if somebody holds it.
std::shared_ptr<void> try_lock(const std::string& name);

}  // namespace core
