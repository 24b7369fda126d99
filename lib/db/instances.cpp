// Instance rows.
#include "db/instances.h"

#include "base/strings.h"
#include "db/properties.h"
#include "db/query.h"

namespace db::instances {

namespace {

constexpr std::string_view kFrom = " FROM instances JOIN projects ON projects.id = instances.project_id JOIN nodes ON nodes.id = instances.node_id";
constexpr std::string_view kColumns =
    "SELECT instances.id, projects.name, instances.name, nodes.name, instances.type, instances.architecture, instances.ephemeral, "
    "instances.stateful, instances.creation_date, instances.last_use_date, instances.expiry_date, instances.description";

Row read(const db::Row& row) {
  Row instance;
  instance.id = row.integer(0);
  instance.project = row.text(1);
  instance.name = row.text(2);
  instance.location = row.text(3);
  instance.type = static_cast<InstanceType>(row.integer(4));
  instance.architecture = static_cast<int>(row.integer(5));
  instance.ephemeral = row.boolean(6);
  instance.stateful = row.boolean(7);
  instance.created_at = row.time(8);
  instance.last_used_at = row.time(9);
  instance.expires_at = row.time(10);
  instance.description = row.text(11);
  return instance;
}

Result<> add_profiles(Tx& tx, std::vector<Row>& rows, std::string_view ids, const Values& values) {
  std::map<int64_t, StringList> profiles;
  std::string sql = "SELECT ip.instance_id, p.name FROM instances_profiles ip JOIN profiles p ON p.id = ip.profile_id";
  if (!ids.empty()) sql += std::format(" WHERE ip.instance_id IN ({})", ids);
  TRY(tx.query(sql + " ORDER BY ip.instance_id, ip.apply_order", values, [&](const db::Row& row) -> Result<> {
    profiles[row.integer(0)].push_back(row.text(1));
    return {};
  }));
  for (Row& row : rows) row.profiles = std::move(profiles[row.id]);
  return {};
}

Result<> save_profiles(Tx& tx, int64_t id, const StringList& profiles, const std::string& project) {
  StringList stored = TRY(select_texts(tx, "SELECT p.name FROM instances_profiles ip JOIN profiles p ON p.id = ip.profile_id "
                                           "WHERE ip.instance_id = ? ORDER BY ip.apply_order", {id}));
  if (stored == profiles && !profiles.empty()) return {};
  TRY(tx.exec("DELETE FROM instances_profiles WHERE instance_id = ?", {id}));
  int64_t order = 1;
  for (const std::string& name : profiles) {
    int64_t profile =
        TRY(tx.query_integer("SELECT profiles.id FROM profiles JOIN projects ON projects.id = project_id "
                             "WHERE projects.name = ? AND profiles.name = ?", {project, name})).value_or(0);
    if (profile == 0) return fail(Code::not_found, "Profile {} doesn't exist in project {}", quote(name), quote(project));
    TRY(or_conflict(tx.insert("INSERT INTO instances_profiles (instance_id, profile_id, apply_order) VALUES (?, ?, ?)", {id, profile, order++}),
                    "Profile " + quote(name) + " is listed twice"));
  }
  return {};
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter) {
  Where where;
  if (filter.project) where.add("projects.name = ?", *filter.project);
  if (filter.name) where.add("instances.name = ?", *filter.name);
  if (filter.id) where.add("instances.id = ?", *filter.id);
  std::string from = std::string(kFrom) + where.sql();
  auto rows = TRY(select<Row>(tx, std::string(kColumns) + from + " ORDER BY projects.name, instances.name", where.values(), read));
  if (rows.empty()) return rows;
  std::string ids = where.sql().empty() ? "" : "SELECT instances.id" + from;
  auto configs = TRY(load_configs(tx, kInstanceConfig, ids, where.values()));
  auto devices = TRY(load_all_devices(tx, kInstanceDevices, ids, where.values()));
  for (Row& row : rows) {
    row.config = std::move(configs[row.id]);
    row.devices = std::move(devices[row.id]);
  }
  TRY(add_profiles(tx, rows, ids, where.values()));
  return rows;
}

Result<Row> load(Tx& tx, const std::string& project, const std::string& name) {
  return only(TRY(load_all(tx, {.project = project, .name = name})), "Instance");
}
Result<Row> load(Tx& tx, int64_t id) { return only(TRY(load_all(tx, {.id = id})), "Instance"); }

Result<StringList> names(Tx& tx, const std::string& project) {
  return select_texts(tx, "SELECT name FROM instances WHERE project_id = (SELECT id FROM projects WHERE name = ?) ORDER BY name", {project});
}

Result<bool> exists(Tx& tx, const std::string& project, const std::string& name) {
  return TRY(tx.query_integer("SELECT COUNT(*) FROM instances WHERE project_id = (SELECT id FROM projects WHERE name = ?) AND name = ?",
                              {project, name})).value_or(0) > 0;
}

Result<int64_t> create(Tx& tx, const Row& row, const std::string& profile_project) {
  auto project = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {row.project}));
  if (!project) return fail(Code::not_found, "Project not found");
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO instances (node_id, name, architecture, type, ephemeral, creation_date, stateful, last_use_date, description, "
                "project_id, expiry_date) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                {row.name, number(row.architecture), number(row.type), number(row.ephemeral), time_or_now(row.created_at),
                 number(row.stateful), time_or_null(row.last_used_at), row.description, *project, time_or_null(row.expires_at)}),
      "Instance " + quote(row.name) + " already exists"));
  TRY(save_config(tx, kInstanceConfig, id, row.config));
  TRY(save_devices(tx, kInstanceDevices, id, row.devices));
  TRY(save_profiles(tx, id, row.profiles, profile_project));
  return id;
}

Result<> update(Tx& tx, const Row& row, const std::string& profile_project) {
  TRY(tx.exec("UPDATE instances SET architecture = ?, ephemeral = ?, stateful = ?, last_use_date = ?, description = ?, expiry_date = ? "
              "WHERE id = ?",
              {number(row.architecture), number(row.ephemeral), number(row.stateful), time_or_null(row.last_used_at), row.description,
               time_or_null(row.expires_at), row.id}));
  TRY(save_config(tx, kInstanceConfig, row.id, row.config));
  TRY(save_devices(tx, kInstanceDevices, row.id, row.devices));
  return save_profiles(tx, row.id, row.profiles, profile_project);
}

Result<> patch_config(Tx& tx, int64_t id, const StringMap& changes) { return db::patch_config(tx, kInstanceConfig, id, changes); }

Result<> set_last_used(Tx& tx, int64_t id, Timestamp when) {
  TRY(tx.exec("UPDATE instances SET last_use_date = ? WHERE id = ?", {time_value(when), id}));
  return {};
}

Result<> set_stateful(Tx& tx, int64_t id, bool stateful) {
  TRY(tx.exec("UPDATE instances SET stateful = ? WHERE id = ?", {number(stateful), id}));
  return {};
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE instances SET name = ? WHERE id = ?", {name, id}), "Instance " + quote(name) + " already exists"));
  return {};
}

Result<> move_to_project(Tx& tx, int64_t id, const std::string& project) {
  TRY(or_conflict(tx.exec("UPDATE instances SET project_id = (SELECT id FROM projects WHERE name = ?) WHERE id = ?", {project, id}),
                  "An instance of that name already exists in project " + quote(project)));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM instances WHERE id = ?", {id}));
  return {};
}

}  // namespace db::instances
