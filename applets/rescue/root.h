// A root folder of our own, on machines that may lack everything.
#pragma once
#include <string>

#include "base/result.h"

namespace rescue {

/// In a mount namespace of our own: makes a root that shows what the present one has, with /proc of our pid namespace and, where they are missing,
/// /sys, /dev, /tmp, /run and users; then moves there, out of a chroot(2) too, in which the kernel refuses user namespaces. `folder`/root becomes a
/// mount point; nothing is written elsewhere. One thread only. Errors: internal.
Result<> enter_own_root(const std::string& folder);

}  // namespace rescue
