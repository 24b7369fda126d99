// Storage volumes, their snapshots and backups.
#pragma once
#include <optional>

#include "api/field.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::volumes {

struct Row {
  int64_t id = 0;
  int64_t pool_id = 0;
  std::string pool;
  std::string project;
  std::string name;
  std::string location = "none";  ///< member name ("none" outside a cluster); empty for pools shared between members
  VolumeType type = VolumeType::custom;
  ContentType content_type = ContentType::filesystem;
  std::string description;
  Timestamp created_at;
  StringMap config;
};

struct SnapshotRow {
  int64_t id = 0;
  int64_t volume_id = 0;
  std::string name;  ///< without the volume's
  std::string description;
  Timestamp created_at;
  Timestamp expires_at;
  StringMap config;
};

struct Filter {
  std::optional<int64_t> pool_id;
  std::optional<std::string> project;
  std::optional<VolumeType> type;
  std::optional<std::string> name;
};

/// Ordered by pool, type, project, name. Two queries in total.
Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter = {});
/// Errors: not_found "Storage pool volume not found".
Result<Row> load(Tx& tx, int64_t pool_id, const std::string& project, VolumeType type, const std::string& name);
Result<Row> load(Tx& tx, int64_t id);
/// `row.pool_id` and `row.project` say where; created_at defaults to now. Errors: conflict.
Result<int64_t> create(Tx& tx, const Row& row);
Result<> update(Tx& tx, int64_t id, const std::string& description, const StringMap& config);
Result<> patch_config(Tx& tx, int64_t id, const StringMap& changes);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> move(Tx& tx, int64_t id, int64_t pool_id, const std::string& project);
Result<> remove(Tx& tx, int64_t id);

/// Oldest first.
Result<std::vector<SnapshotRow>> load_snapshots(Tx& tx, int64_t volume_id);
/// Snapshots of every volume of a pool, by volume id: two queries.
Result<std::map<int64_t, std::vector<SnapshotRow>>> load_pool_snapshots(Tx& tx, int64_t pool_id);
/// Errors: not_found "Storage pool volume snapshot not found".
Result<SnapshotRow> load_snapshot(Tx& tx, int64_t volume_id, const std::string& name);
/// Those of custom volumes whose time has come.
Result<std::vector<SnapshotRow>> load_expired_snapshots(Tx& tx, Timestamp now);
Result<int64_t> create_snapshot(Tx& tx, const SnapshotRow& row);
Result<> update_snapshot(Tx& tx, int64_t id, const std::string& description, Timestamp expires_at);
Result<> rename_snapshot(Tx& tx, int64_t id, const std::string& name);
Result<> remove_snapshot(Tx& tx, int64_t id);
/// Gives instance snapshots whose volume snapshot has lost its row a new one. Returns how many.
Result<int> repair_instance_snapshots(Tx& tx);
/// The number for pattern "snap%d": one more than the highest in use.
Result<int> next_snapshot_index(Tx& tx, int64_t volume_id, const std::string& pattern);

struct BackupRow {
  int64_t id = 0;
  int64_t volume_id = 0;
  std::string name;  ///< without the volume's
  Timestamp created_at;
  Timestamp expires_at;
  bool volume_only = false;
  bool optimized = false;
};
Result<std::vector<BackupRow>> load_backups(Tx& tx, int64_t volume_id);
/// Errors: not_found "Storage volume backup not found".
Result<BackupRow> load_backup(Tx& tx, int64_t volume_id, const std::string& name);
Result<std::vector<BackupRow>> load_expired_backups(Tx& tx, Timestamp now);
Result<int64_t> create_backup(Tx& tx, const BackupRow& row);
Result<> rename_backup(Tx& tx, int64_t id, const std::string& name);
Result<> remove_backup(Tx& tx, int64_t id);

}  // namespace db::volumes
