// Instances that are being made: a mark on disk, so that a killed daemon's next start removes what it left half-made.
#pragma once
#include "instance/manager.h"

namespace instance {

/// Sets the mark of the instance with this database id. Errors: internal.
Result<> mark_unfinished(const Services& services, int64_t id);
/// Takes the mark off: the instance is whole, or gone.
void clear_unfinished(const Services& services, int64_t id);
/// Removes every marked instance, with its volume and rows. For the start, before anybody is served. Blocks.
void remove_unfinished(const Context& ctx, Manager& manager);

}  // namespace instance
