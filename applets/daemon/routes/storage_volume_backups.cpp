// /1.0/storage-pools/{pool}/volumes/{type}/{volume}/backups.
#include <cstdio>
#include <filesystem>

#include "applets/daemon/routes/backup_common.h"
#include "applets/daemon/routes/volume_common.h"
#include "core/gate.h"
#include "storage/backup.h"

namespace incusd {
namespace {

using http::Method;

api::StorageVolumeBackup backup_api(const db::volumes::BackupRow& row) { return {row.name, row.created_at, row.expires_at, row.volume_only, row.optimized}; }

std::string file_of(const Daemon& daemon, const FoundVolume& found, const std::string& backup) {
  return backup_folder(daemon, "custom", std::format("{}/{}_{}/{}", found.pool->name(), found.project, found.row.name, backup));
}

Result<FoundVolume> find_custom(Call& call) {
  auto found = TRY(find_volume(call));
  if (found.row.type != db::VolumeType::custom) return fail(Code::invalid, "Invalid storage volume type {}", quote(db::name_of(found.row.type)));
  return found;
}

std::string backup_url(const FoundVolume& found, const std::string& backup) { return volume_url(found.pool->name(), found.row, "/backups/" + url_escape(backup)); }

Result<Reply> list_backups(Call& call) {
  auto found = TRY(find_custom(call));
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_backups(tx, found.row.id); }));
  StringList urls, objects;
  for (const auto& row : rows) {
    urls.push_back(backup_url(found, row.name));
    objects.push_back(api::dump(backup_api(row)));
  }
  return list_reply(call, urls, objects);
}

/// The description that goes into the index.
Result<storage::BackupIndex> index_of(Call& call, const FoundVolume& found, bool volume_only) {
  storage::BackupIndex index;
  index.name = found.row.name;
  index.pool = found.pool->name();
  index.backend = found.pool->driver();
  index.type = "custom";
  index.config = TRY(call.daemon.global->read([&](db::Tx& tx) { return storage::describe_volume(tx, found.row, !volume_only); }));
  if (!index.config.contains("volume_snapshots")) return index;
  for (const Json& snapshot : index.config["volume_snapshots"]) index.snapshots.push_back(snapshot["name"].get<std::string>());
  return index;
}

Result<> fill(const Context& ctx, archive::TarWriter& tar, const FoundVolume& found, const storage::BackupIndex& index) {
  TRY(storage::write_index(tar, index));
  for (const std::string& name : index.snapshots) {
    storage::VolumeRef ref = found.ref;
    ref.name += "/" + name;
    TRY(found.pool->mount(ctx, ref));
    TRY(storage::write_volume(ctx, tar, ref, found.pool->path(ref)));
  }
  TRY(found.pool->mount(ctx, found.ref));
  return storage::write_volume(ctx, tar, found.ref, found.pool->path(found.ref));
}

Result<> copy_iso(const Context& ctx, const FoundVolume& found, const std::string& path) {
  auto mounted = TRY(found.pool->mount(ctx, found.ref));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  std::filesystem::copy_file(mounted.path, path, std::filesystem::copy_options::overwrite_existing, error);
  if (error) return fail_errno("Failed to copy the ISO file", error.value());
  return {};
}

/// Takes the name, the next free one if none is asked for. Errors: conflict.
Result<int64_t> reserve(Daemon& daemon, db::volumes::BackupRow& row) {
  return reserve_backup(daemon, kVolumeBackups, [&row](db::Tx& tx) -> Result<int64_t> {
    if (row.name.empty()) row.name = next_backup_name(names_of(TRY(db::volumes::load_backups(tx, row.volume_id))));
    return db::volumes::create_backup(tx, row);
  });
}

Result<Reply> create_backup(Call& call) {
  auto found = TRY(find_custom(call));
  auto request = TRY(call.body<api::StorageVolumeBackupsPost>());
  TRY(call.daemon.global->read([&](db::Tx& tx) { return core::gate::check_backup(tx, call.project); }));
  bool stream = TRY(wants_stream(call, request.name, request.target.has_value()));
  if (request.target) return fail(Code::unsupported, "Uploading backups to other servers is not available");
  // An ISO file is its own backup.
  bool iso = found.row.content_type == db::ContentType::iso;
  if (stream && iso) return send_backup(TRY(found.pool->mount(call.ctx, found.ref)).path);
  auto compression = TRY(backup_compression(call.daemon, call.project, request.compression_algorithm));
  auto index = TRY(index_of(call, found, request.volume_only));
  auto writer = [found, index](const Context& ctx, archive::TarWriter& tar) { return fill(ctx, tar, found, index); };
  if (stream) return raw(stream_backup(call.daemon, compression, writer));

  if (request.name.find('/') != std::string::npos) return fail(Code::invalid, "Backup names may not contain slashes");
  db::volumes::BackupRow row{0, found.row.id, request.name, Timestamp::now(), request.expires_at, request.volume_only, false};
  auto id = reserve(call.daemon, row);
  core::OperationSpec spec;
  spec.type = core::OperationType::custom_volume_backup_create;
  spec.project = call.project;
  std::string volume = "/1.0/" + volume_path(found.pool->name(), "custom", found.row.name);
  spec.resources = {{"storage_volumes", {volume}}, {"backups", {volume + "/backups/" + url_escape(row.name)}}};
  spec.run = [=, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    if (!id && id.error().code() == Code::conflict) return fail(Code::conflict, "Backup {} already exists", quote(found.row.name + "/" + row.name));
    if (!id) return Failure(id.error());
    std::string path = file_of(daemon, found, row.name);
    TRY(settle_backup(daemon, kVolumeBackups, *id, iso ? copy_iso(ctx, found, path) : write_backup_file(ctx, path, compression, &operation, writer)));
    daemon.events.lifecycle(found.project, "storage-volume-backup-created", backup_url(found, row.name), operation.requestor(), {{"type", "custom"}});
    return {};
  };
  auto started = accepted(call, std::move(spec));
  if (!started && id) (void)settle_backup(call.daemon, kVolumeBackups, *id, Failure(started.error()));
  return started;
}

struct FoundBackup : FoundVolume {
  db::volumes::BackupRow backup;
};

Result<FoundBackup> find_backup(Call& call) {
  FoundBackup found;
  auto volume = find_custom(call);
  if (!volume && volume.error().code() == Code::not_found) return fail(Code::not_found, "Storage volume backup not found");
  static_cast<FoundVolume&>(found) = TRY(std::move(volume));
  found.backup = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::volumes::load_backup(tx, found.row.id, call.param("backupName")); }));
  return found;
}

Result<Reply> get_backup(Call& call) {
  auto found = TRY(find_backup(call));
  return ok(api::dump(backup_api(found.backup)));
}

core::OperationSpec operation_of(Call& call, const FoundBackup& found, core::OperationType type) {
  core::OperationSpec spec;
  spec.type = type;
  spec.project = call.project;
  std::string volume = "/1.0/" + volume_path(found.pool->name(), "custom", found.row.name);
  spec.resources = {{"storage_volumes", {volume}}, {"backups", {volume + "/backups/" + url_escape(found.backup.name)}}};
  return spec;
}

Result<Reply> rename_backup(Call& call) {
  auto found = TRY(find_backup(call));
  auto request = TRY(call.body<api::StorageVolumeBackupPost>());
  if (request.name.empty() || request.name.find('/') != std::string::npos) return fail(Code::invalid, "Backup names may not contain slashes");
  auto spec = operation_of(call, found, core::OperationType::custom_volume_backup_rename);
  spec.run = [=, &daemon = call.daemon](const Context&, core::Operation& operation) -> Result<> {
    TRY(daemon.global->write([&](db::Tx& tx) { return db::volumes::rename_backup(tx, found.backup.id, request.name); }));
    if (std::rename(file_of(daemon, found, found.backup.name).c_str(), file_of(daemon, found, request.name).c_str()) != 0) return fail_errno("Failed to rename the backup file");
    daemon.events.lifecycle(found.project, "storage-volume-backup-renamed", backup_url(found, request.name), operation.requestor(), {{"old_name", found.backup.name}});
    return {};
  };
  return accepted(call, std::move(spec));
}

Result<Reply> delete_backup(Call& call) {
  auto found = TRY(find_backup(call));
  auto spec = operation_of(call, found, core::OperationType::custom_volume_backup_remove);
  spec.run = [=, &daemon = call.daemon](const Context&, core::Operation& operation) -> Result<> {
    std::string path = file_of(daemon, found, found.backup.name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to delete " + path);
    rmdir(path.substr(0, path.rfind('/')).c_str());
    TRY(daemon.global->write([&](db::Tx& tx) { return db::volumes::remove_backup(tx, found.backup.id); }));
    daemon.events.lifecycle(found.project, "storage-volume-backup-deleted", backup_url(found, found.backup.name), operation.requestor());
    return {};
  };
  return accepted(call, std::move(spec));
}

Result<Reply> export_backup(Call& call) {
  auto found = TRY(find_backup(call));
  emit(call, found.project, "storage-volume-backup-retrieved", backup_url(found, found.backup.name));
  return send_backup(file_of(call.daemon, found, found.backup.name));
}

constexpr Access kView = allow("storage_volume", "can_view", "volumeName");
constexpr Access kManage = allow("storage_volume", "can_manage_backups", "volumeName");
constexpr std::string_view kAll = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/backups";
constexpr std::string_view kOne = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/backups/{backupName}";
constexpr Route kRoutes[] = {
    {Method::get, kAll, kView, kProject, list_backups, "List a volume's backups"},
    {Method::post, kAll, kManage, kProject, create_backup, "Back up a volume"},
    {Method::get, kOne, kView, kProject, get_backup, "Show a volume backup"},
    {Method::post, kOne, kManage, kProject, rename_backup, "Rename a volume backup"},
    {Method::delete_, kOne, kManage, kProject, delete_backup, "Delete a volume backup"},
    {Method::get, "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/backups/{backupName}/export", kView, kProject, export_backup, "Download a volume backup"},
};

}  // namespace

extern const Routes storage_volume_backup_routes = kRoutes;

}  // namespace incusd
