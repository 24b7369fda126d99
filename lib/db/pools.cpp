// Storage pool rows.
#include "db/pools.h"

#include <algorithm>

#include "api/url.h"
#include "db/member_objects.h"
#include "db/query.h"

namespace db::pools {

namespace {

Result<std::vector<Row>> query(Tx& tx, const Where& where) {
  auto rows = TRY(select<Row>(tx, "SELECT id, name, driver, description, state FROM storage_pools" + where.sql() + " ORDER BY name",
                              where.values(), [](const db::Row& row) {
                                Row pool;
                                pool.id = row.integer(0);
                                pool.name = row.text(1);
                                pool.driver = row.text(2);
                                pool.description = row.text(3);
                                pool.state = static_cast<State>(row.integer(4));
                                return pool;
                              }));
  for (Row& row : rows) row.config = TRY(load_config(tx, kPoolConfig, row.id));
  return rows;
}

/// A volume row of the pool as the API path of what it belongs to.
Result<> add_volume_urls(Tx& tx, const Row& pool, StringList& urls) {
  return tx.query(
      "SELECT v.name, v.type, p.name, IFNULL(n.name, '') FROM storage_volumes_all v JOIN projects p ON p.id = v.project_id "
      "LEFT JOIN nodes n ON n.id = v.node_id WHERE v.storage_pool_id = ?",
      {pool.id}, [&](const db::Row& row) -> Result<> {
        std::string name = row.text(0), project = row.text(2), member = row.text(3);
        VolumeType type = static_cast<VolumeType>(row.integer(1));
        StringList parts = split(name, '/', 2);
        if (type == VolumeType::container || type == VolumeType::vm) {
          urls.push_back(parts.size() == 2 ? api::entity_url({"instances", parts[0], "snapshots", parts[1]}, project)
                                           : api::entity_url({"instances", name}, project));
          return {};
        }
        if (type == VolumeType::image) {
          StringList projects = TRY(select_texts(
              tx, "SELECT p.name FROM images i JOIN projects p ON p.id = i.project_id WHERE i.fingerprint = ?", {name}));
          for (const std::string& used : projects) urls.push_back(api::entity_url({"images", name}, used, member));
          if (!projects.empty()) return {};
        }
        if (parts.size() == 2) {
          urls.push_back(api::entity_url({"storage-pools", pool.name, "volumes", name_of(type), parts[0], "snapshots", parts[1]}, project, member));
        } else {
          urls.push_back(api::entity_url({"storage-pools", pool.name, "volumes", name_of(type), name}, project, member));
        }
        return {};
      });
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx) { return query(tx, {}); }

Result<Row> load(Tx& tx, const std::string& name) {
  Where where;
  where.add("name = ?", name);
  return only(TRY(query(tx, where)), "Storage pool");
}

Result<int64_t> id_of(Tx& tx, const std::string& name) {
  auto id = TRY(tx.query_integer("SELECT id FROM storage_pools WHERE name = ?", {name}));
  if (!id) return fail(Code::not_found, "Storage pool not found");
  return *id;
}

Result<int64_t> create(Tx& tx, const api::StoragePoolsPost& pool) {
  int64_t id = TRY(or_conflict(tx.insert("INSERT INTO storage_pools (name, driver, description, state) VALUES (?, ?, ?, 0)",
                                         {pool.name, pool.driver, pool.description}),
                               "The storage pool already exists"));
  TRY(join_member(tx, kPools, id, pool.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::StoragePoolPut& put) { return update_object(tx, kPools, id, put.description, put.config); }
Result<> set_state(Tx& tx, int64_t id, State state) { return set_object_state(tx, kPools, id, state); }
Result<> remove(Tx& tx, int64_t id) { return remove_object(tx, kPools, id); }

Result<StringList> used_by(Tx& tx, const Row& pool) {
  StringList urls;
  TRY(add_volume_urls(tx, pool, urls));
  TRY(tx.query("SELECT b.name, p.name FROM storage_buckets b JOIN projects p ON p.id = b.project_id WHERE b.storage_pool_id = ?", {pool.id},
               [&](const db::Row& row) -> Result<> {
                 urls.push_back(api::entity_url({"storage-pools", pool.name, "buckets", row.text(0)}, row.text(1)));
                 return {};
               }));
  TRY(tx.query("SELECT DISTINCT p.name, j.name FROM profiles p JOIN projects j ON j.id = p.project_id "
               "JOIN profiles_devices d ON d.profile_id = p.id AND d.type = 2 "
               "JOIN profiles_devices_config c ON c.profile_device_id = d.id AND c.key = 'pool' AND c.value = ?",
               {pool.name}, [&](const db::Row& row) -> Result<> {
                 urls.push_back(api::entity_url({"profiles", row.text(0)}, row.text(1)));
                 return {};
               }));
  std::ranges::sort(urls);
  return urls;
}

}  // namespace db::pools
