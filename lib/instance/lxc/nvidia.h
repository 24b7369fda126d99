// nvidia.runtime: NVIDIA's own hook for liblxc brings the host's driver libraries into the container.
#pragma once
#include <utility>

#include "instance/lxc/run_spec.h"

namespace instance::lxc {

/// The lxc.* items for it; nothing where nvidia.runtime is off. The hook is in $INCUS_LXC_HOOK, else /usr/share/lxc/hooks. Errors: unsupported (not installed).
Result<std::vector<std::pair<std::string, std::string>>> nvidia_items(const RunSpec& spec);

}  // namespace instance::lxc
