// Snapshot and backup rows of storage volumes.
#include "db/properties.h"
#include "db/query.h"
#include "db/snapshot_index.h"
#include "db/volumes.h"

namespace db::volumes {

namespace {

SnapshotRow read_snapshot(const db::Row& row) {
  return {.id = row.integer(0), .volume_id = row.integer(1), .name = row.text(2), .description = row.text(3), .created_at = row.time(4),
          .expires_at = row.time(5), .config = {}};
}

Result<std::vector<SnapshotRow>> query_snapshots(Tx& tx, const std::string& where, const Values& values) {
  auto rows = TRY(select<SnapshotRow>(
      tx, "SELECT id, storage_volume_id, name, description, creation_date, expiry_date FROM storage_volumes_snapshots" + where + " ORDER BY creation_date, id",
      values, read_snapshot));
  if (rows.empty()) return rows;
  auto configs = TRY(load_configs(tx, kVolumeSnapshotConfig, "SELECT id FROM storage_volumes_snapshots" + where, values));
  for (SnapshotRow& row : rows) row.config = std::move(configs[row.id]);
  return rows;
}

BackupRow read_backup(const db::Row& row) {
  return {.id = row.integer(0), .volume_id = row.integer(1), .name = row.text(2), .created_at = row.time(3), .expires_at = row.time(4),
          .volume_only = row.boolean(5), .optimized = row.boolean(6)};
}

constexpr std::string_view kBackups =
    "SELECT id, storage_volume_id, name, creation_date, expiry_date, volume_only, optimized_storage FROM storage_volumes_backups";

template <class T>
void keep_expired(std::vector<T>& rows, Timestamp now) {
  std::erase_if(rows, [&](const T& row) { return row.expires_at.seconds <= 0 || row.expires_at > now; });
}

}  // namespace

Result<std::vector<SnapshotRow>> load_snapshots(Tx& tx, int64_t volume_id) {
  return query_snapshots(tx, " WHERE storage_volume_id = ?", {volume_id});
}

Result<std::map<int64_t, std::vector<SnapshotRow>>> load_pool_snapshots(Tx& tx, int64_t pool_id) {
  std::map<int64_t, std::vector<SnapshotRow>> found;
  auto rows = TRY(query_snapshots(tx, " WHERE storage_volume_id IN (SELECT id FROM storage_volumes WHERE storage_pool_id = ?)", {pool_id}));
  for (SnapshotRow& row : rows) found[row.volume_id].push_back(std::move(row));
  return found;
}

Result<SnapshotRow> load_snapshot(Tx& tx, int64_t volume_id, const std::string& name) {
  return only(TRY(query_snapshots(tx, " WHERE storage_volume_id = ? AND name = ?", {volume_id, name})), "Storage pool volume snapshot");
}

Result<std::vector<SnapshotRow>> load_expired_snapshots(Tx& tx, Timestamp now) {
  auto rows = TRY(query_snapshots(
      tx, " WHERE expiry_date IS NOT NULL AND storage_volume_id IN (SELECT id FROM storage_volumes WHERE type = 2)", {}));
  keep_expired(rows, now);
  return rows;
}

Result<int64_t> create_snapshot(Tx& tx, const SnapshotRow& row) {
  // Volumes and their snapshots share one number space, so the volumes' counter gives the id.
  TRY(tx.exec("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'storage_volumes'"));
  int64_t id = TRY(tx.query_integer("SELECT seq FROM sqlite_sequence WHERE name = 'storage_volumes'")).value_or(0);
  if (id == 0) return fail(Code::not_found, "Storage pool volume not found");
  TRY(or_conflict(tx.insert("INSERT INTO storage_volumes_snapshots (id, storage_volume_id, name, description, creation_date, expiry_date) "
                            "VALUES (?, ?, ?, ?, ?, ?)",
                            {id, row.volume_id, row.name, row.description, time_or_now(row.created_at), time_or_null(row.expires_at)}),
                  "Snapshot " + quote(row.name) + " already exists"));
  TRY(save_config(tx, kVolumeSnapshotConfig, id, row.config));
  return id;
}

Result<> update_snapshot(Tx& tx, int64_t id, const std::string& description, Timestamp expires_at) {
  TRY(tx.exec("UPDATE storage_volumes_snapshots SET description = ?, expiry_date = ? WHERE id = ?", {description, time_or_null(expires_at), id}));
  return {};
}

Result<> rename_snapshot(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE storage_volumes_snapshots SET name = ? WHERE id = ?", {name, id}), "Snapshot " + quote(name) + " already exists"));
  return {};
}

Result<> remove_snapshot(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM storage_volumes_snapshots WHERE id = ?", {id}));
  return {};
}

Result<int> repair_instance_snapshots(Tx& tx) {
  std::vector<SnapshotRow> lost;
  // Types of instances (0 containers, 1 machines) beside those of their volumes (0, 3).
  TRY(tx.query("SELECT v.id, s.name, s.creation_date, s.expiry_date FROM instances_snapshots s JOIN instances i ON i.id = s.instance_id "
               "JOIN storage_volumes v ON v.name = i.name AND v.project_id = i.project_id AND v.type = i.type * 3 "
               "WHERE NOT EXISTS (SELECT 1 FROM storage_volumes_snapshots w WHERE w.storage_volume_id = v.id AND w.name = s.name)",
               {}, [&](const db::Row& row) -> Result<> {
                 lost.push_back({.volume_id = row.integer(0), .name = row.text(1), .description = "Auto repaired", .created_at = row.time(2), .expires_at = row.time(3), .config = {}});
                 return {};
               }));
  for (const SnapshotRow& row : lost) TRY(create_snapshot(tx, row));
  return static_cast<int>(lost.size());
}

Result<int> next_snapshot_index(Tx& tx, int64_t volume_id, const std::string& pattern) {
  return next_index(TRY(select_texts(tx, "SELECT name FROM storage_volumes_snapshots WHERE storage_volume_id = ?", {volume_id})), pattern);
}

Result<std::vector<BackupRow>> load_backups(Tx& tx, int64_t volume_id) {
  return select<BackupRow>(tx, std::string(kBackups) + " WHERE storage_volume_id = ? ORDER BY id", {volume_id}, read_backup);
}

Result<BackupRow> load_backup(Tx& tx, int64_t volume_id, const std::string& name) {
  return only(TRY(select<BackupRow>(tx, std::string(kBackups) + " WHERE storage_volume_id = ? AND name = ?", {volume_id, name}, read_backup)),
              "Storage volume backup");
}

Result<std::vector<BackupRow>> load_expired_backups(Tx& tx, Timestamp now) {
  auto rows = TRY(select<BackupRow>(tx, std::string(kBackups) + " WHERE expiry_date IS NOT NULL", {}, read_backup));
  keep_expired(rows, now);
  return rows;
}

Result<int64_t> create_backup(Tx& tx, const BackupRow& row) {
  return or_conflict(tx.insert("INSERT INTO storage_volumes_backups (storage_volume_id, name, creation_date, expiry_date, volume_only, "
                               "optimized_storage) VALUES (?, ?, ?, ?, ?, ?)",
                               {row.volume_id, row.name, time_or_now(row.created_at), time_or_null(row.expires_at), number(row.volume_only),
                                number(row.optimized)}),
                     "Backup " + quote(row.name) + " already exists");
}

Result<> rename_backup(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE storage_volumes_backups SET name = ? WHERE id = ?", {name, id}), "Backup " + quote(name) + " already exists"));
  return {};
}

Result<> remove_backup(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM storage_volumes_backups WHERE id = ?", {id}));
  return {};
}

}  // namespace db::volumes
