// Which project's networks a project sees, and what a restricted project may use.
#pragma once
#include <string>

#include "core/project_cache.h"

namespace network {

/// A restricted project with its own networks may be given single networks of the default project.
bool shared_from_default(const core::ProjectInfo& project, const std::string& network);
/// Where the network that `project` means by this name is stored.
std::string project_of(const core::ProjectInfo& project, const std::string& network);
/// May a project with this config see and use the network?
bool allowed(const StringMap& project_config, const std::string& network, bool managed);

}  // namespace network
