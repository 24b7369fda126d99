// Marks on disk, so that a killed daemon's next start knows what it left: instances half-made or half-deleted, devices set up for a container that isn't there.
#pragma once
#include "instance/manager.h"

namespace instance {

/// Sets the mark of the instance with this database id. Errors: internal.
Result<> mark_unfinished(const Services& services, int64_t id);
/// Takes the mark off: the instance is whole, or gone.
void clear_unfinished(const Services& services, int64_t id);
/// Removes every marked instance, with its volume and rows. For the start, before anybody is served. Blocks.
void remove_unfinished(const Context& ctx, Manager& manager);

/// The mark that devices of the instance are set up, or being so. It goes with the host, like the devices do.
void mark_active(const Instance& instance, bool active);
bool marked_active(const Instance& instance);

}  // namespace instance
