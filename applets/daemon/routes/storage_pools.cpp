// /1.0/storage-pools: pools, their config and how full they are.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/common.h"
#include "config/api_name.h"
#include "db/pools.h"
#include "db/volumes.h"
#include "storage/pool.h"

namespace incusd {
namespace {

using http::Method;

/// A project with a limit of 0 on a pool does not see it.
bool hidden(Call& call, const std::string& pool) {
  auto project = call.daemon.projects->get(call.project);
  return project && get_or(project->config, "limits.disk.pool." + pool) == "0";
}

Result<api::StoragePool> describe(Call& call, const db::pools::Row& row) {
  api::StoragePool out;
  out.name = row.name;
  out.driver = row.driver;
  out.description = row.description;
  if (call.identity.check({"storage_pool", "", row.name}, "can_edit")) out.config = row.config;
  out.locations = {"none"};
  out.status = std::string(db::name_of(row.state));
  if (row.state == db::State::created && !call.daemon.pools->load(row.name)) out.status = "Unavailable";
  out.used_by = visible_to(call.identity, TRY(call.daemon.global->read([&](db::Tx& tx) { return db::pools::used_by(tx, row); })));
  return out;
}

std::string pool_etag(const db::pools::Row& row) {
  Json parts = {row.name, row.driver, row.description, Json::object()};
  for (const auto& [key, value] : row.config) parts[3][key] = value;
  return etag_of(api::dump_json(parts));
}

Result<db::pools::Row> find_pool(Call& call) {
  const std::string& name = call.param("poolName");
  return call.daemon.global->read([&](db::Tx& tx) { return db::pools::load(tx, name); });
}

Result<Reply> list_pools(Call& call) {
  auto rows = TRY(call.daemon.global->read([](db::Tx& tx) { return db::pools::load_all(tx); }));
  bool full = call.recursion() > 0 || !call.query("filter").empty();
  StringList urls, objects;
  for (const auto& row : rows) {
    if (hidden(call, row.name)) continue;
    urls.push_back(entity_url("storage-pools/" + url_escape(row.name)));
    if (full) objects.push_back(api::dump(TRY(describe(call, row))));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_pool(Call& call) {
  auto request = TRY(call.body<api::StoragePoolsPost>());
  if (request.name.empty()) return fail(Code::invalid, "No name provided");
  TRY_CTX(config::is_api_name(request.name), "Invalid storage pool name");
  if (request.driver.empty()) return fail(Code::invalid, "No driver provided");
  if (call.daemon.pools->load(request.name)) return fail(Code::conflict, "The storage pool already exists: The record already exists");
  TRY(refused_as_500(call.daemon.pools->create_pool(call.ctx, request)));
  std::string url = entity_url("storage-pools/" + url_escape(request.name));
  emit(call, "default", "storage-pool-created", url);
  return created(url);
}

Result<Reply> get_pool(Call& call) {
  auto row = TRY(find_pool(call));
  if (hidden(call, row.name)) return fail(Code::not_found, "Not Found");
  return ok(api::dump(TRY(describe(call, row))), pool_etag(row));
}

Result<Reply> change_pool(Call& call, bool merge) {
  auto row = TRY(find_pool(call));
  TRY(call.check_etag(pool_etag(row)));
  auto put = TRY(call.body<api::StoragePoolPut>());
  if (merge) put.config.insert(row.config.begin(), row.config.end());
  TRY(call.daemon.pools->update_pool(call.ctx, row.name, put));
  emit(call, "default", "storage-pool-updated", entity_url("storage-pools/" + url_escape(row.name)));
  return ok();
}
Result<Reply> put_pool(Call& call) { return change_pool(call, false); }
Result<Reply> patch_pool(Call& call) { return change_pool(call, true); }

Result<Reply> delete_pool(Call& call) {
  auto row = TRY(find_pool(call));
  auto users = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::pools::used_by(tx, row); }));
  std::erase_if(users, [](const std::string& url) { return url.starts_with("/1.0/images/"); });
  if (!users.empty()) return fail(Code::invalid, "The storage pool is currently in use");
  auto volumes = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_all(tx, {.pool_id = row.id, .project = {}, .type = {}, .name = {}}); }));
  for (const auto& volume : volumes) {
    return fail(Code::invalid, "Volume {} of type {} in project {} still exists in storage pool {}", quote(volume.name), quote(db::name_of(volume.type)),
                quote(volume.project), quote(row.name));
  }
  TRY(call.daemon.pools->remove_pool(call.ctx, row.name));
  emit(call, "default", "storage-pool-deleted", entity_url("storage-pools/" + url_escape(row.name)));
  return ok();
}

Result<Reply> get_resources(Call& call) {
  auto pool = TRY(call.daemon.pools->load(call.param("name")));
  auto space = TRY(pool->space());
  api::ResourcesStoragePool out;
  out.space.used = space.used;
  out.space.total = space.total;
  out.inodes.used = space.inodes_used;
  out.inodes.total = space.inodes_total;
  return ok(api::dump(out));
}

constexpr Access kEdit = allow("storage_pool", "can_edit", "poolName");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/storage-pools", kAuthenticated, kNoFlags, list_pools, "List storage pools"},
    {Method::post, "/1.0/storage-pools", allow("server", "can_create_storage_pools"), kNoFlags, create_pool, "Create a storage pool"},
    {Method::get, "/1.0/storage-pools/{poolName}", kAuthenticated, kProject, get_pool, "Show a storage pool"},
    {Method::put, "/1.0/storage-pools/{poolName}", kEdit, kNoFlags, put_pool, "Replace a pool's config"},
    {Method::patch, "/1.0/storage-pools/{poolName}", kEdit, kNoFlags, patch_pool, "Change a pool's config"},
    {Method::delete_, "/1.0/storage-pools/{poolName}", kEdit, kNoFlags, delete_pool, "Delete a storage pool"},
    {Method::get, "/1.0/storage-pools/{name}/resources", kAuthenticated, kNoFlags, get_resources, "Show a pool's space"},
};

}  // namespace

extern const Routes storage_pool_routes = kRoutes;

}  // namespace incusd
