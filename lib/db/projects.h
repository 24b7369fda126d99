// Projects and which of their entities live in the default project instead (features.*).
#pragma once
#include "api/types/project.h"
#include "db/database.h"

namespace db::projects {

struct Row : api::ProjectPut {
  int64_t id = 0;
  std::string name;

  /// features.<feature> is on ("images", "profiles", "networks", "networks.zones", "storage.volumes", "storage.buckets").
  bool has(std::string_view feature) const;
};

Result<std::vector<Row>> load_all(Tx& tx);
/// Errors: not_found "Project not found".
Result<Row> load(Tx& tx, const std::string& name);
Result<int64_t> id_of(Tx& tx, const std::string& name);
/// The project that holds `project`'s entities of a feature: itself, or "default" where the feature is off.
Result<std::string> effective(Tx& tx, const std::string& project, std::string_view feature);
/// Errors: conflict.
Result<int64_t> create(Tx& tx, const api::ProjectsPost& project);
Result<> update(Tx& tx, int64_t id, const api::ProjectPut& put);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> remove(Tx& tx, int64_t id);
/// API paths of everything inside the project, its default profile included.
Result<StringList> used_by(Tx& tx, const Row& project);

}  // namespace db::projects
