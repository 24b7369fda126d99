// Profiles: config and devices shared by instances.
#pragma once
#include "api/types/profile.h"
#include "db/database.h"

namespace db::profiles {

struct Row : api::ProfilePut {
  int64_t id = 0;
  std::string project;  ///< the project it is stored in (callers resolve features.profiles first)
  std::string name;
};

/// In a project, or everywhere if empty; ordered by project and name. Three queries in total.
Result<std::vector<Row>> load_all(Tx& tx, const std::string& project = "");
/// Errors: not_found "Profile not found".
Result<Row> load(Tx& tx, const std::string& project, const std::string& name);
Result<int64_t> id_of(Tx& tx, const std::string& project, const std::string& name);
/// Errors: conflict.
Result<int64_t> create(Tx& tx, const std::string& project, const api::ProfilesPost& profile);
Result<> update(Tx& tx, int64_t id, const api::ProfilePut& put);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> remove(Tx& tx, int64_t id);
/// API paths of the instances using each profile, by profile id: one query.
Result<std::map<int64_t, StringList>> used_by(Tx& tx);
/// Ids of the instances that have the profile.
Result<std::vector<int64_t>> instance_ids(Tx& tx, int64_t profile_id);

}  // namespace db::profiles
