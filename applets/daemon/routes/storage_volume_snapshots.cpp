// /1.0/storage-pools/{pool}/volumes/{type}/{volume}/snapshots.
#include "applets/daemon/routes/volume_common.h"
#include "config/api_name.h"
#include "core/schedule.h"

namespace incusd {
namespace {

using http::Method;

api::StorageVolumeSnapshot to_api(const db::volumes::SnapshotRow& row) {
  api::StorageVolumeSnapshot out;
  out.name = row.name;
  out.description = row.description;
  out.config = row.config;
  out.created_at = row.created_at;
  out.expires_at = row.expires_at;
  return out;
}

std::string snapshot_etag(const db::volumes::SnapshotRow& row) { return etag_of(api::dump_json({row.description, row.expires_at.rfc3339()})); }

Result<Reply> list_snapshots(Call& call) {
  auto found = TRY(find_volume(call));
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_snapshots(tx, found.row.id); }));
  StringList urls, objects;
  for (const auto& row : rows) {
    urls.push_back(volume_url(found.pool->name(), found.row, "/snapshots/" + url_escape(row.name)));
    auto snapshot = to_api(row);
    snapshot.name = found.row.name + "/" + row.name;
    if (row.expires_at.is_zero()) snapshot.expires_at.reset();
    objects.push_back(api::dump(snapshot));
  }
  return list_reply(call, urls, objects);
}

struct FoundSnapshot : FoundVolume {
  db::volumes::SnapshotRow snapshot;
  storage::VolumeRef snapshot_ref;
};

Result<FoundSnapshot> find_snapshot(Call& call) {
  FoundSnapshot found;
  static_cast<FoundVolume&>(found) = TRY(find_volume(call));
  auto snapshot = call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_snapshot(tx, found.row.id, call.param("snapshotName")); });
  if (!snapshot && snapshot.error().code() == Code::not_found) return fail(Code::not_found, "Storage pool volume not found");
  found.snapshot = TRY(std::move(snapshot));
  found.snapshot_ref = found.ref;
  found.snapshot_ref.name += "/" + found.snapshot.name;
  return found;
}

Result<Reply> get_snapshot(Call& call) {
  auto found = TRY(find_snapshot(call));
  auto out = to_api(found.snapshot);
  out.content_type = std::string(db::name_of(found.row.content_type));
  return ok(api::dump(out), snapshot_etag(found.snapshot));
}

/// The name asked for, or the next one of the volume's pattern.
Result<std::string> snapshot_name(Call& call, const db::volumes::Row& volume, const std::string& wanted) {
  if (!wanted.empty()) {
    auto taken = call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_snapshot(tx, volume.id, wanted); });
    if (taken) return fail(Code::conflict, "Snapshot {} already in use", quote(wanted));
    return wanted;
  }
  std::string pattern = get_or(volume.config, "snapshots.pattern", "snap%d");
  // The one variable a pattern knows.
  std::string name = replace_all(replace_all(pattern, "{{ creation_date }}", Timestamp::now().rfc3339()), "{{creation_date}}", Timestamp::now().rfc3339());
  size_t at = name.find("%d");
  if (at != std::string::npos && name.find("%d", at + 1) == std::string::npos) {
    int index = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::next_snapshot_index(tx, volume.id, name); }));
    return name.replace(at, 2, std::to_string(index));
  }
  if (name == pattern) return fail(Code::invalid, "Couldn't determine snapshot name");
  return name;
}

core::OperationSpec operation_of(Call& call, core::OperationType type, const FoundVolume& found, const std::string& snapshot, std::function<Result<>(const Context&, core::Operation&)> run) {
  core::OperationSpec spec;
  spec.type = type;
  spec.project = call.project;
  std::string volume = "/1.0/" + volume_path(found.pool->name(), db::name_of(found.row.type), found.row.name);
  if (type == core::OperationType::volume_snapshot_create) spec.resources["storage_volumes"] = {volume};
  spec.resources["storage_volume_snapshots"] = {volume + "/snapshots/" + url_escape(snapshot)};
  spec.run = std::move(run);
  return spec;
}

Result<> only_custom(const FoundVolume& found, const char* action) {
  if (found.row.type != db::VolumeType::custom) return fail(Code::invalid, "Invalid storage volume type {}", quote(db::name_of(found.row.type)));
  if (is_true(get_or(found.row.config, "dependent"))) return fail(Code::invalid, "Direct {} not allowed for dependent volumes", action);
  return {};
}

Result<Reply> create_snapshot(Call& call) {
  auto found = TRY(find_volume(call));
  TRY(only_custom(found, "snapshots are"));
  if (found.row.content_type == db::ContentType::iso) return fail(Code::invalid, "Volume of content type \"iso\" does not support snapshots");
  auto request = TRY(call.body<api::StorageVolumeSnapshotsPost>());
  if (used_by_daemon(call.daemon, found.row)) return fail(Code::invalid, "Volumes used by Incus itself cannot have snapshots");
  std::string name = TRY(snapshot_name(call, found.row, request.name));
  TRY_CTX(config::is_api_name(name), "Invalid storage volume snapshot name");
  Timestamp expires;
  if (request.expires_at) expires = *request.expires_at;
  else expires = TRY(core::expiry_after(Timestamp::now(), get_or(found.row.config, "snapshots.expiry.manual", get_or(found.row.config, "snapshots.expiry"))));
  storage::VolumeRef ref = found.ref;
  ref.name += "/" + name;
  std::string url = volume_url(found.pool->name(), found.row, "/snapshots/" + url_escape(name));
  auto run = [pool = found.pool, ref, expires, url, project = found.project, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY(pool->create_snapshot(ctx, ref, "", expires));
    daemon.events.lifecycle(project, "storage-volume-snapshot-created", url, operation.requestor(), {{"type", "custom"}});
    return {};
  };
  return accepted(call, operation_of(call, core::OperationType::volume_snapshot_create, found, name, std::move(run)));
}

Result<Reply> store(Call& call, const FoundSnapshot& found, const api::StorageVolumeSnapshotPut& put) {
  Timestamp expires = put.expires_at.value_or(Timestamp());
  TRY(call.daemon.global->write([&](db::Tx& tx) { return db::volumes::update_snapshot(tx, found.snapshot.id, put.description, expires); }));
  emit(call, found.project, "storage-volume-snapshot-updated", volume_url(found.pool->name(), found.row, "/snapshots/" + url_escape(found.snapshot.name)));
  return ok();
}

Result<Reply> put_snapshot(Call& call) {
  auto found = TRY(find_snapshot(call));
  TRY(call.check_etag(snapshot_etag(found.snapshot)));
  return store(call, found, TRY(call.body<api::StorageVolumeSnapshotPut>()));
}

Result<Reply> patch_snapshot(Call& call) {
  auto found = TRY(find_snapshot(call));
  TRY(call.check_etag(snapshot_etag(found.snapshot)));
  api::StorageVolumeSnapshotPut put{found.snapshot.description, found.snapshot.expires_at};
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  return store(call, found, put);
}

Result<Reply> rename_snapshot(Call& call) {
  auto found = TRY(find_snapshot(call));
  TRY(only_custom(found, "snapshot renaming is"));
  auto request = TRY(call.body<api::StorageVolumeSnapshotPost>());
  TRY_CTX(config::is_api_name(request.name), "Invalid storage volume snapshot name");
  std::string url = volume_url(found.pool->name(), found.row, "/snapshots/" + url_escape(request.name));
  auto run = [found, url, name = request.name, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY(found.pool->rename(ctx, found.snapshot_ref, name));
    daemon.events.lifecycle(found.project, "storage-volume-snapshot-renamed", url, operation.requestor(), {{"old_name", found.row.name + "/" + found.snapshot.name}});
    return {};
  };
  return accepted(call, operation_of(call, core::OperationType::volume_snapshot_rename, found, found.snapshot.name, std::move(run)));
}

Result<Reply> delete_snapshot(Call& call) {
  auto found = TRY(find_snapshot(call));
  TRY(only_custom(found, "snapshot removal is"));
  std::string url = volume_url(found.pool->name(), found.row, "/snapshots/" + url_escape(found.snapshot.name));
  auto run = [found, url, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY(found.pool->remove(ctx, found.snapshot_ref));
    daemon.events.lifecycle(found.project, "storage-volume-snapshot-deleted", url, operation.requestor());
    return {};
  };
  return accepted(call, operation_of(call, core::OperationType::volume_snapshot_delete, found, found.snapshot.name, std::move(run)));
}

constexpr Access kView = allow("storage_volume", "can_view", "volumeName");
constexpr Access kManage = allow("storage_volume", "can_manage_snapshots", "volumeName");
constexpr std::string_view kAll = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/snapshots";
constexpr std::string_view kOne = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/snapshots/{snapshotName}";
constexpr Route kRoutes[] = {
    {Method::get, kAll, kView, kProject, list_snapshots, "List a volume's snapshots"},
    {Method::post, kAll, kManage, kProject, create_snapshot, "Snapshot a volume"},
    {Method::get, kOne, kView, kProject, get_snapshot, "Show a volume snapshot"},
    {Method::put, kOne, kManage, kProject, put_snapshot, "Replace a volume snapshot's settings"},
    {Method::patch, kOne, kManage, kProject, patch_snapshot, "Change a volume snapshot's settings"},
    {Method::post, kOne, kManage, kProject, rename_snapshot, "Rename a volume snapshot"},
    {Method::delete_, kOne, kManage, kProject, delete_snapshot, "Delete a volume snapshot"},
};

}  // namespace

extern const Routes storage_volume_snapshot_routes = kRoutes;

}  // namespace incusd
