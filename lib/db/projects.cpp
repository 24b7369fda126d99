// Project rows.
#include "db/projects.h"

#include "api/url.h"
#include "base/strings.h"
#include "db/properties.h"
#include "db/query.h"

namespace db::projects {

namespace {
Result<std::vector<Row>> query(Tx& tx, const Where& where) {
  std::vector<Row> rows = TRY(select<Row>(tx, "SELECT id, name, description FROM projects" + where.sql() + " ORDER BY name",
                                          where.values(), [](const db::Row& row) {
                                            Row project;
                                            project.id = row.integer(0);
                                            project.name = row.text(1);
                                            project.description = row.text(2);
                                            return project;
                                          }));
  if (rows.size() == 1) {
    rows[0].config = TRY(load_config(tx, kProjectConfig, rows[0].id));
    return rows;
  }
  auto configs = TRY(load_configs(tx, kProjectConfig, ""));
  for (Row& row : rows) row.config = std::move(configs[row.id]);
  return rows;
}
}  // namespace

bool Row::has(std::string_view feature) const { return is_true(get_or(config, "features." + std::string(feature))); }

Result<std::vector<Row>> load_all(Tx& tx) { return query(tx, {}); }

Result<Row> load(Tx& tx, const std::string& name) {
  Where where;
  where.add("name = ?", name);
  return only(TRY(query(tx, where)), "Project");
}

Result<int64_t> id_of(Tx& tx, const std::string& name) {
  auto id = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {name}));
  if (!id) return fail(Code::not_found, "Project not found");
  return *id;
}

Result<std::string> effective(Tx& tx, const std::string& project, std::string_view feature) {
  if (project == "default") return project;
  auto value = TRY(tx.query_text("SELECT value FROM projects_config JOIN projects ON projects.id = project_id WHERE name = ? AND key = ?",
                                 {project, "features." + std::string(feature)}));
  return value && is_true(*value) ? project : "default";
}

Result<int64_t> create(Tx& tx, const api::ProjectsPost& project) {
  int64_t id = TRY(or_conflict(tx.insert("INSERT INTO projects (name, description) VALUES (?, ?)", {project.name, project.description}),
                               "Failed adding database record: This \"Project\" entry already exists"));
  TRY(save_config(tx, kProjectConfig, id, project.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::ProjectPut& put) {
  TRY(tx.exec("UPDATE projects SET description = ? WHERE id = ?", {put.description, id}));
  return save_config(tx, kProjectConfig, id, put.config);
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE projects SET name = ? WHERE id = ?", {name, id}), "A project named " + quote(name) + " already exists"));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM projects WHERE id = ?", {id}));
  return {};
}

Result<StringList> used_by(Tx& tx, const Row& project) {
  struct Kind {
    std::string_view collection, names_sql;
  };
  static constexpr Kind kKinds[] = {
      {"instances", "SELECT name FROM instances WHERE project_id = ? ORDER BY name"},
      {"images", "SELECT fingerprint FROM images WHERE project_id = ? ORDER BY fingerprint"},
      {"networks", "SELECT name FROM networks WHERE project_id = ? ORDER BY id"},
      {"network-acls", "SELECT name FROM networks_acls WHERE project_id = ? ORDER BY name"},
      {"network-zones", "SELECT name FROM networks_zones WHERE project_id = ? ORDER BY name"},
      {"profiles", "SELECT name FROM profiles WHERE project_id = ? ORDER BY name"},
  };
  StringList urls;
  for (const Kind& kind : kKinds) {
    for (const std::string& name : TRY(select_texts(tx, kind.names_sql, {project.id}))) {
      urls.push_back(api::entity_url({kind.collection, name}, project.name));
    }
  }
  TRY(tx.query("SELECT p.name, b.name FROM storage_buckets b JOIN storage_pools p ON p.id = b.storage_pool_id WHERE b.project_id = ? "
               "ORDER BY p.name, b.name",
               {project.id}, [&](const db::Row& row) -> Result<> {
                 urls.push_back(api::entity_url({"storage-pools", row.text(0), "buckets", row.text(1)}, project.name));
                 return {};
               }));
  TRY(tx.query("SELECT p.name, v.name, IFNULL(n.name, '') FROM storage_volumes v JOIN storage_pools p ON p.id = v.storage_pool_id "
               "LEFT JOIN nodes n ON n.id = v.node_id WHERE v.type = 2 AND v.project_id = ? ORDER BY p.name, v.name",
               {project.id}, [&](const db::Row& row) -> Result<> {
                 urls.push_back(api::entity_url({"storage-pools", row.text(0), "volumes", "custom", row.text(1)}, project.name, row.text(2)));
                 return {};
               }));
  return urls;
}

}  // namespace db::projects
