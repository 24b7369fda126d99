// Instances: rows, config, devices, profile order. Listing costs four queries however many there are.
#pragma once
#include <optional>

#include "api/field.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::instances {

struct Row {
  int64_t id = 0;
  std::string project;
  std::string name;
  std::string location;  ///< member name, "none" outside a cluster
  InstanceType type = InstanceType::container;
  int architecture = 0;  ///< api::architecture_id
  bool ephemeral = false;
  bool stateful = false;
  Timestamp created_at;
  Timestamp last_used_at;
  Timestamp expires_at;
  std::string description;
  StringMap config;          ///< its own keys only, volatile.* too
  api::DevicesMap devices;   ///< its own devices only
  StringList profiles;       ///< names, in order of application
};

/// Unset members match everything.
struct Filter {
  std::optional<std::string> project;
  std::optional<std::string> name;
  std::optional<int64_t> id;
};

/// Ordered by project, then name.
Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter = {});
/// Errors: not_found "Instance not found".
Result<Row> load(Tx& tx, const std::string& project, const std::string& name);
Result<Row> load(Tx& tx, int64_t id);
/// Names only, one query.
Result<StringList> names(Tx& tx, const std::string& project);
Result<bool> exists(Tx& tx, const std::string& project, const std::string& name);
/// `row.id` and `row.location` are ignored; `row.created_at` defaults to now. `profile_project`: where the profiles live.
/// Errors: conflict "… already exists", not_found (project, profile).
Result<int64_t> create(Tx& tx, const Row& row, const std::string& profile_project);
/// Everything but project, name, type and creation date.
Result<> update(Tx& tx, const Row& row, const std::string& profile_project);
/// Sets some config keys (volatile.*) and leaves the rest; an empty value removes.
Result<> patch_config(Tx& tx, int64_t id, const StringMap& changes);
Result<> set_last_used(Tx& tx, int64_t id, Timestamp when);
Result<> set_stateful(Tx& tx, int64_t id, bool stateful);
/// Errors: conflict.
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> move_to_project(Tx& tx, int64_t id, const std::string& project);
Result<> remove(Tx& tx, int64_t id);

}  // namespace db::instances
