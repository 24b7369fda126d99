// /1.0/storage-pools/{pool}/volumes: listing, showing, changing and deleting volumes.
#include <algorithm>

#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/volume_common.h"
#include "instance/devices.h"
#include "instance/manager.h"

namespace incusd {
namespace {

using http::Method;

/// The rows a list request means, by type then name.
Result<std::vector<db::volumes::Row>> rows_of(Call& call, std::optional<db::VolumeType> only) {
  if (call.all_projects() && call.request.query.has("project")) return fail(Code::invalid, "Cannot specify a project when requesting all projects");
  std::string custom_project = TRY(volume_project(call, db::VolumeType::custom));
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<std::vector<db::volumes::Row>> {
    db::volumes::Filter filter;
    filter.pool_id = TRY(db::pools::id_of(tx, call.param("poolName")));
    filter.type = only;
    return db::volumes::load_all(tx, filter);
  }));
  std::erase_if(rows, [&](const db::volumes::Row& row) {
    if (row.type == db::VolumeType::image) return true;
    const std::string& wanted = row.type == db::VolumeType::custom ? custom_project : call.project;
    return (!call.all_projects() && row.project != wanted) || !call.identity.can_see_project(row.project);
  });
  std::ranges::stable_sort(rows, {}, [](const db::volumes::Row& row) { return std::pair(db::name_of(row.type), row.name); });
  return rows;
}

Result<Reply> list(Call& call, std::optional<db::VolumeType> only) {
  auto pool = TRY(call.daemon.pools->load(call.param("poolName")));
  auto rows = TRY(rows_of(call, only));
  StringList urls, objects;
  bool full = call.recursion() > 0 || !call.query("filter").empty();
  VolumeUsers users;
  if (full) users = TRY(VolumeUsers::load(call));
  for (const auto& row : rows) {
    urls.push_back(volume_url(pool->name(), row));
    if (!full) continue;
    StringList used_by = visible_to(call.identity, users.of(row));
    if (call.recursion() >= 2) {
      objects.push_back(api::dump(TRY(to_full_api(call, *pool, row, std::move(used_by)))));
      continue;
    }
    auto volume = to_api(row);
    volume.used_by = std::move(used_by);
    objects.push_back(api::dump(volume));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> list_volumes(Call& call) { return list(call, std::nullopt); }
Result<Reply> list_volumes_of_type(Call& call) { return list(call, TRY(volume_type_param(call))); }

Result<Reply> get_volume(Call& call) {
  auto found = TRY(find_volume(call));
  auto users = TRY(VolumeUsers::load(call));
  StringList used_by = visible_to(call.identity, users.of(found.row));
  if (call.recursion() > 0) return ok(api::dump(TRY(to_full_api(call, *found.pool, found.row, std::move(used_by)))), volume_etag(found.row));
  auto volume = to_api(found.row);
  volume.used_by = std::move(used_by);
  return ok(api::dump(volume), volume_etag(found.row));
}

Result<Reply> store(Call& call, FoundVolume& found, const api::StorageVolumePut& put, bool config_given) {
  bool custom = found.row.type == db::VolumeType::custom;
  if (!put.restore.empty()) {
    if (!custom) return fail(Code::invalid, "Only custom volumes are restored here");
    TRY(check_not_running(call, found.row));
    TRY(found.pool->restore_snapshot(call.ctx, found.ref, put.restore));
    emit(call, found.project, "storage-volume-restored", volume_url(found.pool->name(), found.row), {{"snapshot", put.restore}});
  }
  if (!config_given && !put.restore.empty()) return ok();
  if (found.row.content_type == db::ContentType::iso && put.config != found.row.config) return fail(Code::invalid, "Custom ISO volume config cannot be changed");
  bool shift_changed = get_or(put.config, "security.shifted") != get_or(found.row.config, "security.shifted") ||
                       get_or(put.config, "security.unmapped") != get_or(found.row.config, "security.unmapped");
  if (custom && shift_changed) TRY_CTX(check_not_running(call, found.row), "Cannot modify shifting with running instances using the volume");
  TRY(refused_as_500(found.pool->update_volume(call.ctx, found.ref, put.description, put.config)));
  if (custom && get_or(put.config, "size") != get_or(found.row.config, "size"))
    TRY(instance::follow_volume(call.ctx, *call.daemon.instances, found.pool->name(), found.row.project, found.row.name));
  emit(call, found.project, "storage-volume-updated", volume_url(found.pool->name(), found.row));
  return ok();
}

Result<Reply> put_volume(Call& call) {
  auto found = TRY(find_volume(call));
  TRY(call.check_etag(volume_etag(found.row)));
  auto put = TRY(call.body<api::StorageVolumePut>());
  Json body = TRY(api::parse_json(call.request.body));
  return store(call, found, put, body.contains("config") && !body["config"].is_null());
}

Result<Reply> patch_volume(Call& call) {
  auto found = TRY(find_volume(call));
  TRY(call.check_etag(volume_etag(found.row)));
  api::StorageVolumePut put;
  put.description = found.row.description;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  put.config.insert(found.row.config.begin(), found.row.config.end());
  return store(call, found, put, true);
}

Result<Reply> delete_volume(Call& call) {
  auto found = TRY(find_volume(call));
  if (found.row.type != db::VolumeType::custom) {
    return fail(Code::invalid, "Storage volumes of type {} cannot be deleted with the storage API", quote(db::name_of(found.row.type)));
  }
  auto users = TRY(VolumeUsers::load(call));
  if (!users.of(found.row).empty() || used_by_daemon(call.daemon, found.row)) return fail(Code::invalid, "The storage volume is still in use");
  auto backups = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_backups(tx, found.row.id); }));
  for (const auto& backup : backups) {
    unlink(call.daemon.paths.in_var(std::format("backups/custom/{}/{}_{}/{}", found.pool->name(), found.project, found.row.name, backup.name)).c_str());
  }
  rmdir(call.daemon.paths.in_var(std::format("backups/custom/{}/{}_{}", found.pool->name(), found.project, found.row.name)).c_str());
  TRY(found.pool->remove(call.ctx, found.ref));
  emit(call, found.project, "storage-volume-deleted", volume_url(found.pool->name(), found.row));
  return ok();
}

Result<Reply> get_state(Call& call) {
  auto found = TRY(find_volume(call));
  return ok(api::dump(volume_state(call.daemon, *found.pool, found.row)));
}

constexpr Access kView = allow("storage_volume", "can_view", "volumeName");
constexpr Access kEdit = allow("storage_volume", "can_edit", "volumeName");
constexpr Access kCreate = allow("project", "can_create_storage_volumes");
constexpr std::string_view kVolume = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}";
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/storage-pools/{poolName}/volumes", kAuthenticated, kProject, list_volumes, "List a pool's volumes"},
    {Method::post, "/1.0/storage-pools/{poolName}/volumes", kCreate, kProject | kLargeBody, create_volume, "Create, copy or import a volume"},
    {Method::get, "/1.0/storage-pools/{poolName}/volumes/{type}", kAuthenticated, kProject, list_volumes_of_type, "List a pool's volumes of one type"},
    {Method::post, "/1.0/storage-pools/{poolName}/volumes/{type}", kCreate, kProject | kLargeBody, create_volume, "Create, copy or import a volume"},
    {Method::get, kVolume, kView, kProject, get_volume, "Show a volume"},
    {Method::put, kVolume, kEdit, kProject, put_volume, "Replace a volume's config, or restore a snapshot"},
    {Method::patch, kVolume, kEdit, kProject, patch_volume, "Change a volume's config"},
    {Method::post, kVolume, kEdit, kProject, post_volume, "Rename or move a volume"},
    {Method::delete_, kVolume, kEdit, kProject, delete_volume, "Delete a volume nobody uses"},
    {Method::get, "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/state", kView, kProject, get_state, "Show how full a volume is"},
};

}  // namespace

extern const Routes storage_volume_routes = kRoutes;

}  // namespace incusd
