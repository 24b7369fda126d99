// Rules from features.networks and restricted.*.
#include "network/projects.h"

#include "core/gate.h"

namespace network {

bool shared_from_default(const core::ProjectInfo& project, const std::string& network) {
  if (project.name == "default" || !is_true(get_or(project.config, "features.networks"))) return false;
  if (!is_true(get_or(project.config, "restricted"))) return false;
  return contains(split_list(get_or(project.config, "restricted.networks.access")), network);
}

std::string project_of(const core::ProjectInfo& project, const std::string& network) {
  if (shared_from_default(project, network)) return "default";
  return is_true(get_or(project.config, "features.networks")) ? project.name : "default";
}

bool allowed(const StringMap& config, const std::string& network, bool managed) { return core::gate::network_allowed(config, network, managed); }

}  // namespace network
