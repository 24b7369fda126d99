#include "core/paths.h"

#include <cstdlib>

namespace core {

Paths Paths::from_environment() {
  const char* folder = std::getenv("INCUS_DIR");
  if (!folder || !*folder) return {"/var/lib/incus", "/var/log/incus", "/run/incus", "/var/cache/incus"};
  std::string base = folder;
  return {base, base + "/logs", base + "/run", base + "/cache"};
}

std::string project_prefix(const std::string& project, const std::string& name) {
  return project == "default" ? name : project + "_" + name;
}

}  // namespace core
