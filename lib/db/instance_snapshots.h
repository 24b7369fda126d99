// Snapshots and backups of instances.
#pragma once
#include <map>

#include "api/field.h"
#include "db/database.h"
#include "db/instances.h"

namespace db::snapshots {

struct Row {
  int64_t id = 0;
  int64_t instance_id = 0;
  std::string name;  ///< without the instance's
  Timestamp created_at;
  Timestamp expires_at;
  bool stateful = false;
  std::string description;
  StringMap config;
  api::DevicesMap devices;
};

/// Oldest first.
Result<std::vector<Row>> load_all(Tx& tx, int64_t instance_id);
/// The snapshots of all instances of a project (everywhere if empty), by instance id: three queries.
Result<std::map<int64_t, std::vector<Row>>> load_by_instance(Tx& tx, const std::string& project);
/// Errors: not_found "Instance snapshot not found".
Result<Row> load(Tx& tx, int64_t instance_id, const std::string& name);
/// Those of all instances whose time has come.
Result<std::vector<Row>> load_expired(Tx& tx, Timestamp now);
/// Errors: conflict.
Result<int64_t> create(Tx& tx, const Row& row);
Result<> update_expiry(Tx& tx, int64_t id, Timestamp expires_at);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> remove(Tx& tx, int64_t id);
/// The number for pattern "snap%d": one more than the highest in use.
Result<int> next_index(Tx& tx, int64_t instance_id, const std::string& pattern);

}  // namespace db::snapshots

namespace db::backups {

struct Row {
  int64_t id = 0;
  int64_t instance_id = 0;
  std::string name;  ///< without the instance's
  Timestamp created_at;
  Timestamp expires_at;
  bool instance_only = false;
  bool optimized = false;
  bool root_only = false;
};

Result<std::vector<Row>> load_all(Tx& tx, int64_t instance_id);
/// Errors: not_found "Instance backup not found".
Result<Row> load(Tx& tx, int64_t instance_id, const std::string& name);
Result<std::vector<Row>> load_expired(Tx& tx, Timestamp now);
Result<int64_t> create(Tx& tx, const Row& row);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> remove(Tx& tx, int64_t id);

}  // namespace db::backups
