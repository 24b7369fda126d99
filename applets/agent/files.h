// What the host put into the config drive for this machine: rendered templates, names of network interfaces, shared folders.
#pragma once
#include <string>

#include "applets/agent/agent.h"
#include "base/strings.h"

namespace agent {

/// Copies the files that the daemon rendered (`folder`/metadata.yaml names them) to their places. Gives the paths that were written.
/// Errors: invalid for a broken metadata.yaml, internal.
Result<StringList> apply_templates(const std::string& folder);
/// Gives interfaces the names and MTUs that <folder>/<device>.json asks for, by their MAC addresses. Failures are logged.
void configure_interfaces(const std::string& folder);

/// Mounts what `file` (agent-mounts.json) lists. Failures are logged.
void mount_shares(const std::string& file);
/// A folder was added or removed while the machine runs: `metadata` is that of a device event. May wait for the device for 10 s.
void follow_device_event(const Context& ctx, const std::string& metadata);

}  // namespace agent
