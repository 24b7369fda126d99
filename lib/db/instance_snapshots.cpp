// Snapshot and backup rows of instances.
#include "db/instance_snapshots.h"

#include "db/properties.h"
#include "db/query.h"
#include "db/snapshot_index.h"

namespace db::snapshots {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, instance_id, name, creation_date, expiry_date, stateful, description FROM instances_snapshots";

Row read(const db::Row& row) {
  Row snapshot;
  snapshot.id = row.integer(0);
  snapshot.instance_id = row.integer(1);
  snapshot.name = row.text(2);
  snapshot.created_at = row.time(3);
  snapshot.expires_at = row.time(4);
  snapshot.stateful = row.boolean(5);
  snapshot.description = row.text(6);
  return snapshot;
}

/// `where` selects rows of instances_snapshots; config and devices come with two more queries.
Result<std::vector<Row>> query(Tx& tx, const std::string& where, const Values& values) {
  auto rows = TRY(select<Row>(tx, std::format("{}{} ORDER BY creation_date, id", kSelect, where), values, read));
  if (rows.empty()) return rows;
  std::string ids = where.empty() ? "" : "SELECT id FROM instances_snapshots" + where;
  auto configs = TRY(load_configs(tx, kSnapshotConfig, ids, values));
  auto devices = TRY(load_all_devices(tx, kSnapshotDevices, ids, values));
  for (Row& row : rows) {
    row.config = std::move(configs[row.id]);
    row.devices = std::move(devices[row.id]);
  }
  return rows;
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, int64_t instance_id) { return query(tx, " WHERE instance_id = ?", {instance_id}); }

Result<std::map<int64_t, std::vector<Row>>> load_by_instance(Tx& tx, const std::string& project) {
  std::string where;
  Values values;
  if (!project.empty()) {
    where = " WHERE instance_id IN (SELECT id FROM instances WHERE project_id = (SELECT id FROM projects WHERE name = ?))";
    values = {project};
  }
  std::map<int64_t, std::vector<Row>> found;
  for (Row& row : TRY(query(tx, where, values))) found[row.instance_id].push_back(std::move(row));
  return found;
}

Result<Row> load(Tx& tx, int64_t instance_id, const std::string& name) {
  return only(TRY(query(tx, " WHERE instance_id = ? AND name = ?", {instance_id, name})), "Instance snapshot");
}

Result<std::vector<Row>> load_expired(Tx& tx, Timestamp now) {
  // Compared here and not in SQL: rows written by other versions hold other time formats.
  std::vector<Row> rows = TRY(query(tx, " WHERE expiry_date IS NOT NULL", {}));
  std::erase_if(rows, [&](const Row& row) { return row.expires_at.seconds <= 0 || row.expires_at > now; });
  return rows;
}

Result<int64_t> create(Tx& tx, const Row& row) {
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO instances_snapshots (instance_id, name, creation_date, stateful, description, expiry_date) VALUES (?, ?, ?, ?, ?, ?)",
                {row.instance_id, row.name, time_or_now(row.created_at), number(row.stateful), row.description, time_or_null(row.expires_at)}),
      "Snapshot " + quote(row.name) + " already exists"));
  TRY(save_config(tx, kSnapshotConfig, id, row.config));
  TRY(save_devices(tx, kSnapshotDevices, id, row.devices));
  return id;
}

Result<> update_expiry(Tx& tx, int64_t id, Timestamp expires_at) {
  TRY(tx.exec("UPDATE instances_snapshots SET expiry_date = ? WHERE id = ?", {time_or_null(expires_at), id}));
  return {};
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE instances_snapshots SET name = ? WHERE id = ?", {name, id}), "Snapshot " + quote(name) + " already exists"));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM instances_snapshots WHERE id = ?", {id}));
  return {};
}

Result<int> next_index(Tx& tx, int64_t instance_id, const std::string& pattern) {
  return db::next_index(TRY(select_texts(tx, "SELECT name FROM instances_snapshots WHERE instance_id = ?", {instance_id})), pattern);
}

}  // namespace db::snapshots

namespace db::backups {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, instance_id, name, creation_date, expiry_date, container_only, optimized_storage, root_only FROM instances_backups";

Row read(const db::Row& row) {
  return {.id = row.integer(0), .instance_id = row.integer(1), .name = row.text(2), .created_at = row.time(3), .expires_at = row.time(4),
          .instance_only = row.boolean(5), .optimized = row.boolean(6), .root_only = row.boolean(7)};
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, int64_t instance_id) {
  return select<Row>(tx, std::string(kSelect) + " WHERE instance_id = ? ORDER BY id", {instance_id}, read);
}

Result<Row> load(Tx& tx, int64_t instance_id, const std::string& name) {
  return only(TRY(select<Row>(tx, std::string(kSelect) + " WHERE instance_id = ? AND name = ?", {instance_id, name}, read)), "Instance backup");
}

Result<std::vector<Row>> load_expired(Tx& tx, Timestamp now) {
  auto rows = TRY(select<Row>(tx, std::string(kSelect) + " WHERE expiry_date IS NOT NULL", {}, read));
  std::erase_if(rows, [&](const Row& row) { return row.expires_at.seconds <= 0 || row.expires_at > now; });
  return rows;
}

Result<int64_t> create(Tx& tx, const Row& row) {
  return or_conflict(tx.insert("INSERT INTO instances_backups (instance_id, name, creation_date, expiry_date, container_only, optimized_storage, "
                               "root_only) VALUES (?, ?, ?, ?, ?, ?, ?)",
                               {row.instance_id, row.name, time_or_now(row.created_at), time_or_null(row.expires_at),
                                number(row.instance_only), number(row.optimized), number(row.root_only)}),
                     "Backup " + quote(row.name) + " already exists");
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE instances_backups SET name = ? WHERE id = ?", {name, id}), "Backup " + quote(name) + " already exists"));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM instances_backups WHERE id = ?", {id}));
  return {};
}

}  // namespace db::backups
