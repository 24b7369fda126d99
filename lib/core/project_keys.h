// All project config keys, declared once; names of projects.
#pragma once
#include "config/key.h"

namespace core {

config::Keys project_keys();

/// Errors: invalid: `Invalid project configuration key "x"`, `… value: why`. `pools`: names for limits.disk.pool.*.
Result<> validate_project_config(const StringMap& config, const StringList& pools);
/// Errors: invalid.
Result<> validate_project_name(const std::string& name);

/// A feature of projects: the kind of object that a project keeps for itself.
struct ProjectFeature {
  std::string_view key;
  bool default_on;           ///< for new projects
  bool can_enable_nonempty;  ///< may be switched on while the project has content
};
std::span<const ProjectFeature> project_features();

}  // namespace core
