// Storage volume rows.
#include "db/volumes.h"

#include "db/properties.h"
#include "db/query.h"

namespace db::volumes {

namespace {

constexpr std::string_view kFrom =
    " FROM storage_volumes v JOIN storage_pools p ON p.id = v.storage_pool_id JOIN projects j ON j.id = v.project_id "
    "LEFT JOIN nodes n ON n.id = v.node_id";
constexpr std::string_view kColumns =
    "SELECT v.id, v.storage_pool_id, p.name, j.name, v.name, IFNULL(n.name, ''), v.type, v.content_type, v.description, v.creation_date";

Row read(const db::Row& row) {
  Row volume;
  volume.id = row.integer(0);
  volume.pool_id = row.integer(1);
  volume.pool = row.text(2);
  volume.project = row.text(3);
  volume.name = row.text(4);
  volume.location = row.text(5);
  volume.type = static_cast<VolumeType>(row.integer(6));
  volume.content_type = static_cast<ContentType>(row.integer(7));
  volume.description = row.text(8);
  volume.created_at = row.time(9);
  return volume;
}

Result<std::vector<Row>> query(Tx& tx, const Where& where) {
  std::string from = std::string(kFrom) + where.sql();
  auto rows = TRY(select<Row>(tx, std::string(kColumns) + from + " ORDER BY p.name, v.type, j.name, v.name", where.values(), read));
  if (rows.empty()) return rows;
  auto configs = TRY(load_configs(tx, kVolumeConfig, where.sql().empty() ? "" : "SELECT v.id" + from, where.values()));
  for (Row& row : rows) row.config = std::move(configs[row.id]);
  return rows;
}

const std::string kExists = "Volume by that name already exists";

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter) {
  Where where;
  if (filter.pool_id) where.add("v.storage_pool_id = ?", *filter.pool_id);
  if (filter.project) where.add("j.name = ?", *filter.project);
  if (filter.type) where.add("v.type = ?", number(*filter.type));
  if (filter.name) where.add("v.name = ?", *filter.name);
  return query(tx, where);
}

Result<Row> load(Tx& tx, int64_t pool_id, const std::string& project, VolumeType type, const std::string& name) {
  return only(TRY(load_all(tx, {.pool_id = pool_id, .project = project, .type = type, .name = name})), "Storage pool volume");
}

Result<Row> load(Tx& tx, int64_t id) {
  Where where;
  where.add("v.id = ?", id);
  return only(TRY(query(tx, where)), "Storage pool volume");
}

Result<int64_t> create(Tx& tx, const Row& row) {
  auto project = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {row.project}));
  if (!project) return fail(Code::not_found, "Project not found");
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO storage_volumes (storage_pool_id, node_id, type, name, description, project_id, content_type, creation_date) "
                "VALUES (?, (SELECT id FROM nodes WHERE name = ?), ?, ?, ?, ?, ?, ?)",
                {row.pool_id, row.location, number(row.type), row.name, row.description, *project, number(row.content_type),
                 time_or_now(row.created_at)}),
      kExists));
  TRY(save_config(tx, kVolumeConfig, id, row.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const std::string& description, const StringMap& config) {
  TRY(tx.exec("UPDATE storage_volumes SET description = ? WHERE id = ?", {description, id}));
  return save_config(tx, kVolumeConfig, id, config);
}

Result<> patch_config(Tx& tx, int64_t id, const StringMap& changes) { return db::patch_config(tx, kVolumeConfig, id, changes); }

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE storage_volumes SET name = ? WHERE id = ?", {name, id}), kExists));
  return {};
}

Result<> move(Tx& tx, int64_t id, int64_t pool_id, const std::string& project) {
  TRY(or_conflict(tx.exec("UPDATE storage_volumes SET storage_pool_id = ?, project_id = (SELECT id FROM projects WHERE name = ?) WHERE id = ?",
                          {pool_id, project, id}),
                  kExists));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM storage_volumes WHERE id = ?", {id}));
  return {};
}

}  // namespace db::volumes
