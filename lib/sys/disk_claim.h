// Who uses a disk's file: machines that run with it and who writes it otherwise keep out of each other's way, by flock(2).
#pragma once
#include <string>

#include "base/result.h"

namespace sys {

/// The file stays claimed as long as this descriptor, or one made from it (in whatever process), is open. `alone`: nobody else may have it claimed.
/// Block devices are left alone: udev(7) locks those. Errors: conflict, internal. Does not wait.
Result<> claim_disk(int fd, const std::string& path, bool alone);

}  // namespace sys
