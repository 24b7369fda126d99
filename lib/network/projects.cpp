// Rules from features.networks and restricted.*.
#include "network/projects.h"

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

bool allowed(const StringMap& config, const std::string& network, bool managed) {
  if (!is_true(get_or(config, "restricted"))) return true;
  std::string nics = get_or(config, "restricted.devices.nic");
  if (nics == "block") return false;
  if ((nics.empty() || nics == "managed") && !managed) return false;
  if (managed && is_true(get_or(config, "features.networks"))) return true;
  std::string access = get_or(config, "restricted.networks.access");
  return access.empty() || contains(split_list(access), network);
}

}  // namespace network
