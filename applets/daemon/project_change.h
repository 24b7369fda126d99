// What creating, changing, renaming and deleting a project means beyond its row.
#pragma once
#include "api/types/project.h"
#include "applets/daemon/daemon.h"

namespace incusd {

/// Keys, values and pool names. Errors: invalid.
Result<> check_project_config(Daemon& daemon, const StringMap& config);
/// Networks inside projects need OVN. Errors: invalid.
Result<> require_ovn();
/// The row and, where the project has profiles of its own, its default profile. Errors: conflict.
Result<> create_project(db::Tx& tx, const api::ProjectsPost& post);
/// Checks what may change while the project is in use, then stores. Errors: invalid, conflict.
Result<> update_project(Daemon& daemon, const api::Project& current, const api::ProjectPut& put);
/// Errors: not_found, conflict, invalid (not empty).
Result<> rename_project(Daemon& daemon, const std::string& name, const std::string& to);
/// Errors: not_found, invalid (not empty).
Result<> delete_project(Daemon& daemon, const std::string& name);
/// Deletes all content of a project. Blocks. Errors: those of the single deletions.
Result<> empty_project(const Context& ctx, Daemon& daemon, const std::string& name);

}  // namespace incusd
