// /1.0/instances/{name}/backups.
#include <cstdio>

#include "applets/daemon/routes/backup_common.h"
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/instance_common.h"
#include "core/gate.h"
#include "applets/daemon/routes/volume_common.h"
#include "instance/backup_file.h"
#include "instance/dependent.h"
#include "instance/render.h"
#include "instance/volume.h"
#include "storage/backup.h"
#include "storage/pool.h"

namespace incusd {
namespace {

using http::Method;
using instance::InstancePtr;

std::string file_of(const Daemon& daemon, const InstancePtr& instance, const std::string& backup) {
  return backup_folder(daemon, "instances", instance->full_name() + "/" + backup);
}

std::string backup_url(const InstancePtr& instance, const std::string& backup) {
  return entity_url("instances/" + url_escape(instance->name()) + "/backups/" + url_escape(backup), instance->project());
}

Result<Reply> list_backups(Call& call) {
  auto instance = TRY(find_instance(call));
  StringList urls, objects;
  auto view = instance->view();
  for (const auto& row : view->backups) {
    urls.push_back(entity_url("instances/" + url_escape(instance->name()) + "/backups/" + url_escape(row.name)));
    objects.push_back(api::dump(instance::render_backup(row)));
  }
  return list_reply(call, urls, objects);
}

struct Content {
  bool snapshots = true;
  bool dependents = true;
};

/// What the index says of the volumes of the instance's own disks.
Result<Json> dependents_json(const InstancePtr& instance, bool snapshots) {
  Json out = Json::array();
  auto view = instance->view();
  for (const auto& item : TRY(instance::dependents_of(instance->services(), view->row.project, view->devices))) {
    auto row = TRY(instance::row_of(instance->services(), item));
    TRY(instance->services().global.read([&](db::Tx& tx) -> Result<> {
      Json description = TRY(storage::describe_volume(tx, row, snapshots));
      description["pool"] = api::to_json(storage::to_api(TRY(db::pools::load(tx, item.pool))));
      out.push_back(std::move(description));
      return {};
    }));
  }
  return out;
}

Result<storage::BackupIndex> index_of(const InstancePtr& instance, storage::Pool& pool, const Content& content) {
  storage::BackupIndex index;
  index.name = instance->name();
  index.pool = pool.name();
  index.backend = pool.driver();
  index.type = std::string(db::name_of(instance->view()->row.type));
  index.config = TRY(instance::describe(instance));
  if (content.dependents) {
    Json dependents = TRY(dependents_json(instance, content.snapshots));
    if (!dependents.empty()) index.config["dependent_volumes"] = std::move(dependents);
  }
  if (!content.snapshots) {
    index.config.erase("snapshots");
    index.config.erase("volume_snapshots");
    return index;
  }
  for (const auto& snapshot : instance->view()->snapshots) index.snapshots.push_back(snapshot.name);
  return index;
}

/// A volume with its snapshots, oldest first.
Result<> write_trees(const Context& ctx, archive::TarWriter& tar, storage::Pool& pool, const storage::VolumeRef& ref, const StringList& snapshots,
                     const std::string& root) {
  for (const std::string& name : snapshots) {
    storage::VolumeRef snapshot = ref;
    snapshot.name += "/" + name;
    auto mounted = TRY(pool.mount(ctx, snapshot));
    TRY(storage::write_volume(ctx, tar, snapshot, pool.path(snapshot), {}, root));
  }
  auto mounted = TRY(pool.mount(ctx, ref));
  return storage::write_volume(ctx, tar, ref, pool.path(ref), {}, root);
}

Result<> fill(const Context& ctx, archive::TarWriter& tar, const InstancePtr& instance, storage::Pool& pool, const storage::BackupIndex& index) {
  TRY(storage::write_index(tar, index));
  auto view = instance->view();
  TRY(write_trees(ctx, tar, pool, instance::volume_of(*view), index.snapshots, storage::kBackupRoot));
  if (!index.config.contains("dependent_volumes")) return {};
  for (const auto& item : TRY(instance::dependents_of(instance->services(), view->row.project, view->devices))) {
    auto volume_pool = TRY(instance->services().pools.load(item.pool));
    storage::VolumeRef ref = item.volume;
    ref.content = ref_of(TRY(instance::row_of(instance->services(), item))).content;
    TRY(write_trees(ctx, tar, *volume_pool, ref, index.snapshots, storage::kBackupRoot + "/" + item.device));
  }
  return {};
}

/// Writes the file of a reserved backup; its row goes if that fails.
Result<> store(const instance::Job& job, Daemon& daemon, const InstancePtr& instance, const std::string& name, const Result<int64_t>& id,
               const archive::CompressionChoice& compression, const std::function<Result<>(const Context&, archive::TarWriter&)>& writer) {
  if (!id && id.error().code() == Code::conflict) return fail(Code::conflict, "Backup {} already exists", quote(instance->name() + "/" + name));
  if (!id) return Failure(id.error());
  auto settled = settle_backup(daemon, kInstanceBackups, *id, write_backup_file(job.ctx, file_of(daemon, instance, name), compression, job.operation, writer));
  auto reloaded = daemon.instances->reload(instance->id());
  TRY(std::move(settled));
  TRY(std::move(reloaded));
  daemon.events.lifecycle(instance->project(), "instance-backup-created", backup_url(instance, name), job.requestor);
  return {};
}

/// Takes the name, the next free one if none is asked for. Errors: conflict.
Result<int64_t> reserve(Daemon& daemon, db::backups::Row& row) {
  return reserve_backup(daemon, kInstanceBackups, [&row](db::Tx& tx) -> Result<int64_t> {
    if (row.name.empty()) row.name = next_backup_name(names_of(TRY(db::backups::load_all(tx, row.instance_id))));
    return db::backups::create(tx, row);
  });
}

Result<Reply> create_backup(Call& call) {
  auto instance = TRY(find_instance(call));
  auto request = TRY(refused_as_500(call.body<api::InstanceBackupsPost>()));
  TRY(call.daemon.global->read([&](db::Tx& tx) { return core::gate::check_backup(tx, call.project); }));
  bool stream = TRY(wants_stream(call, request.name, request.target.has_value()));
  if (request.target) return fail(Code::unsupported, "Uploading backups to other servers is not available");
  auto compression = TRY(backup_compression(call.daemon, call.project, request.compression_algorithm));
  auto pool = TRY(instance::pool_of(instance->services(), *instance->view()));
  auto index = TRY(index_of(instance, *pool, {.snapshots = !request.instance_only, .dependents = !request.root_only}));
  auto writer = [=](const Context& ctx, archive::TarWriter& tar) { return fill(ctx, tar, instance, *pool, index); };
  if (stream) return raw(stream_backup(call.daemon, compression, writer));

  if (request.name.find('/') != std::string::npos) return fail(Code::invalid, "Backup names may not contain slashes");
  db::backups::Row row;
  row.instance_id = instance->id();
  row.name = request.name;
  row.created_at = Timestamp::now();
  row.expires_at = request.expires_at;
  row.instance_only = request.instance_only;
  row.root_only = request.root_only;
  auto id = reserve(call.daemon, row);
  if (id) TRY(call.daemon.instances->reload(instance->id()));
  std::string path = instance_path(instance->name());
  std::map<std::string, StringList> resources{{"instances", {path}}, {"backups", {path + "/backups/" + url_escape(row.name)}}};
  auto started = start_work(call, core::OperationType::backup_create, resources, [=, name = row.name, &daemon = call.daemon](const instance::Job& job) {
    return store(job, daemon, instance, name, id, compression, writer);
  });
  if (!started && id) (void)settle_backup(call.daemon, kInstanceBackups, *id, Failure(started.error()));
  return started;
}

struct Found {
  InstancePtr instance;
  db::backups::Row row;
};

Result<Found> find_backup(Call& call) {
  auto instance_or = find_instance(call);
  // Who asks for a backup is told about the backup.
  if (!instance_or && instance_or.error().code() == Code::not_found) return fail(Code::not_found, "Instance backup not found");
  auto instance = TRY(std::move(instance_or));
  auto row = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::backups::load(tx, instance->id(), call.param("backup")); }));
  return Found{instance, row};
}

std::map<std::string, StringList> resources_of(const Found& found) {
  std::string path = instance_path(found.instance->name());
  return {{"instances", {path}}, {"backups", {path + "/backups/" + url_escape(found.row.name)}}};
}

Result<Reply> get_backup(Call& call) { return ok(api::dump(instance::render_backup(TRY(find_backup(call)).row))); }

Result<Reply> rename_backup(Call& call) {
  auto found = TRY(find_backup(call));
  auto request = TRY(call.body<api::InstanceBackupPost>());
  if (request.name.empty() || request.name.find('/') != std::string::npos) return fail(Code::invalid, "Backup names may not contain slashes");
  return start_work(call, core::OperationType::backup_rename, resources_of(found), [=, &daemon = call.daemon](const instance::Job& job) -> Result<> {
    TRY(daemon.global->write([&](db::Tx& tx) { return db::backups::rename(tx, found.row.id, request.name); }));
    if (std::rename(file_of(daemon, found.instance, found.row.name).c_str(), file_of(daemon, found.instance, request.name).c_str()) != 0) {
      return fail_errno("Failed to rename the backup file");
    }
    TRY(daemon.instances->reload(found.instance->id()));
    daemon.events.lifecycle(found.instance->project(), "instance-backup-renamed", backup_url(found.instance, request.name), job.requestor, {{"old_name", found.row.name}});
    return {};
  });
}

Result<Reply> delete_backup(Call& call) {
  auto found = TRY(find_backup(call));
  return start_work(call, core::OperationType::backup_remove, resources_of(found), [=, &daemon = call.daemon](const instance::Job& job) -> Result<> {
    std::string path = file_of(daemon, found.instance, found.row.name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to delete " + path);
    rmdir(path.substr(0, path.rfind('/')).c_str());
    TRY(daemon.global->write([&](db::Tx& tx) { return db::backups::remove(tx, found.row.id); }));
    TRY(daemon.instances->reload(found.instance->id()));
    daemon.events.lifecycle(found.instance->project(), "instance-backup-deleted", backup_url(found.instance, found.row.name), job.requestor);
    return {};
  });
}

Result<Reply> export_backup(Call& call) {
  auto found = TRY(find_backup(call));
  emit(call, found.instance->project(), "instance-backup-retrieved", backup_url(found.instance, found.row.name));
  return send_backup(file_of(call.daemon, found.instance, found.row.name));
}

constexpr Access kManage = allow("instance", "can_manage_backups", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/backups", kViewInstance, kProject, list_backups, "Lists an instance's backups"},
    {Method::post, "/1.0/instances/{name}/backups", kManage, kProject, create_backup, "Backs an instance up"},
    {Method::get, "/1.0/instances/{name}/backups/{backup}", kViewInstance, kProject, get_backup, "Shows a backup"},
    {Method::post, "/1.0/instances/{name}/backups/{backup}", kManage, kProject, rename_backup, "Renames a backup"},
    {Method::delete_, "/1.0/instances/{name}/backups/{backup}", kManage, kProject, delete_backup, "Deletes a backup"},
    {Method::get, "/1.0/instances/{name}/backups/{backup}/export", kManage, kProject, export_backup, "Downloads a backup"},
};

}  // namespace

extern const Routes instance_backup_routes = kRoutes;

}  // namespace incusd
