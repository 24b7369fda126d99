// Storage pool rows.
#include "db/pools.h"

#include <algorithm>

#include "api/url.h"
#include "db/properties.h"
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

/// Some keys describe this member's part of the pool: their rows carry its id.
Result<> save(Tx& tx, int64_t id, const StringMap& config) {
  TRY(save_config(tx, kPoolConfig, id, config));
  TRY(tx.exec("UPDATE storage_pools_config SET node_id = 1 WHERE storage_pool_id = ? AND node_id IS NULL AND key IN ('size', 'source', "
              "'source.wipe', 'volatile.initial_source', 'zfs.pool_name', 'lvm.thinpool_name', 'lvm.vg_name', 'lvm.vg.force_reuse')", {id}));
  return {};
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
  TRY(tx.insert("INSERT INTO storage_pools_nodes (storage_pool_id, node_id, state) VALUES (?, 1, 0)", {id}));
  TRY(save(tx, id, pool.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::StoragePoolPut& put) {
  TRY(tx.exec("UPDATE storage_pools SET description = ? WHERE id = ?", {put.description, id}));
  return save(tx, id, put.config);
}

Result<> set_state(Tx& tx, int64_t id, State state) {
  TRY(tx.exec("UPDATE storage_pools SET state = ? WHERE id = ?", {number(state), id}));
  TRY(tx.exec("UPDATE storage_pools_nodes SET state = ? WHERE storage_pool_id = ? AND node_id = 1", {number(state), id}));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM storage_pools WHERE id = ?", {id}));
  return {};
}

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
