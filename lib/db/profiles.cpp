// Profile rows.
#include "db/profiles.h"

#include "api/url.h"
#include "db/properties.h"
#include "db/query.h"

namespace db::profiles {

namespace {
constexpr std::string_view kSelect = "SELECT profiles.id, projects.name, profiles.name, profiles.description FROM profiles "
                                     "JOIN projects ON projects.id = profiles.project_id";

Row read(const db::Row& row) {
  Row profile;
  profile.id = row.integer(0);
  profile.project = row.text(1);
  profile.name = row.text(2);
  profile.description = row.text(3);
  return profile;
}
}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const std::string& project) {
  Where where;
  if (!project.empty()) where.add("projects.name = ?", project);
  auto rows = TRY(select<Row>(tx, std::string(kSelect) + where.sql() + " ORDER BY projects.name, profiles.name", where.values(), read));
  std::string_view ids = project.empty() ? "" : "SELECT id FROM profiles WHERE project_id = (SELECT id FROM projects WHERE name = ?)";
  auto configs = TRY(load_configs(tx, kProfileConfig, ids, where.values()));
  auto devices = TRY(load_all_devices(tx, kProfileDevices, ids, where.values()));
  for (Row& row : rows) {
    row.config = std::move(configs[row.id]);
    row.devices = std::move(devices[row.id]);
  }
  return rows;
}

Result<Row> load(Tx& tx, const std::string& project, const std::string& name) {
  Row row = TRY(only(TRY(select<Row>(tx, std::string(kSelect) + " WHERE projects.name = ? AND profiles.name = ?", {project, name}, read)),
                     "Profile"));
  row.config = TRY(load_config(tx, kProfileConfig, row.id));
  row.devices = TRY(load_devices(tx, kProfileDevices, row.id));
  return row;
}

Result<int64_t> id_of(Tx& tx, const std::string& project, const std::string& name) {
  auto id = TRY(tx.query_integer("SELECT profiles.id FROM profiles JOIN projects ON projects.id = project_id "
                                 "WHERE projects.name = ? AND profiles.name = ?", {project, name}));
  if (!id) return fail(Code::not_found, "Profile not found");
  return *id;
}

Result<int64_t> create(Tx& tx, const std::string& project, const api::ProfilesPost& profile) {
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO profiles (name, description, project_id) VALUES (?, ?, (SELECT id FROM projects WHERE name = ?))",
                {profile.name, profile.description, project}),
      "The profile already exists"));
  TRY(save_config(tx, kProfileConfig, id, profile.config));
  TRY(save_devices(tx, kProfileDevices, id, profile.devices));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::ProfilePut& put) {
  TRY(tx.exec("UPDATE profiles SET description = ? WHERE id = ?", {put.description, id}));
  TRY(save_config(tx, kProfileConfig, id, put.config));
  return save_devices(tx, kProfileDevices, id, put.devices);
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE profiles SET name = ? WHERE id = ?", {name, id}), "Profile " + quote(name) + " already exists"));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM profiles WHERE id = ?", {id}));
  return {};
}

Result<std::map<int64_t, StringList>> used_by(Tx& tx) {
  std::map<int64_t, StringList> urls;
  TRY(tx.query("SELECT ip.profile_id, i.name, p.name FROM instances_profiles ip JOIN instances i ON i.id = ip.instance_id "
               "JOIN projects p ON p.id = i.project_id ORDER BY p.name, i.name", {}, [&](const db::Row& row) -> Result<> {
                 urls[row.integer(0)].push_back(api::entity_url({"instances", row.text(1)}, row.text(2)));
                 return {};
               }));
  return urls;
}

Result<std::vector<int64_t>> instance_ids(Tx& tx, int64_t profile_id) {
  return select_integers(tx, "SELECT instance_id FROM instances_profiles WHERE profile_id = ? ORDER BY instance_id", {profile_id});
}

}  // namespace db::profiles
