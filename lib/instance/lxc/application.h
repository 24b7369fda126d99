// Application containers: instances of OCI images, which have an entry point instead of an init system. What config.json beside rootfs/ says becomes
// config keys when the instance is made, and the runtime's settings at each start. (Upstream: image type "oci", key group "oci".)
#pragma once
#include <optional>

#include "instance/idmap.h"
#include "instance/lxc/run_spec.h"
#include "instance/object.h"

namespace instance::lxc {

/// After the volume was filled from an image: of an OCI image, keeps its environment, entry point, folder and ids as keys, but for those that the user
/// or a profile set. Errors: invalid (damaged config.json), internal. Blocks.
Result<> adopt_application(const Context& ctx, const InstancePtr& instance);

/// Before a start, with volume and devices ready: writes hosts, hostname, resolv.conf and our init, and says how to run the entry point. Nothing for
/// system containers. Keeps volatile.container.oci current. Errors: invalid (damaged config.json or entry point; `oci.*` on a system container), internal.
Result<std::optional<OciSpec>> prepare_application(const InstancePtr& instance, const RootOwnership& owner, const std::vector<device::RunConfig>& devices);

}  // namespace instance::lxc
