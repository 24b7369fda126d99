// New storage volumes: empty, as copies, from ISO files and backups; renaming and moving them.
#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/volume_common.h"
#include "applets/daemon/routes/volume_import.h"
#include "config/api_name.h"
#include "base/reverter.h"

namespace incusd {
namespace {

Result<storage::ContentType> content_of(const std::string& name) {
  auto content = db::content_type(name);
  if (!content) return fail(Code::invalid, "Invalid volume content type name");
  if (*content == db::ContentType::block) return storage::ContentType::block;
  if (*content == db::ContentType::iso) return storage::ContentType::iso;
  return storage::ContentType::filesystem;
}

core::OperationSpec operation_of(Call& call, core::OperationType type, std::function<Result<>(const Context&, core::Operation&)> run) {
  core::OperationSpec spec;
  spec.type = type;
  spec.project = call.project;
  spec.run = std::move(run);
  return spec;
}

Result<> check_volatile(const StringMap& config) {
  for (const auto& [key, value] : config) {
    if (key.starts_with("volatile.")) return fail(Code::invalid, "Volatile configuration key {} cannot be set by users", quote(key));
  }
  return {};
}

struct Copy {
  storage::VolumeRef target, source;
  StringMap config;
  std::string description;
  bool snapshots = true;
};

/// Config and description of the source are the copy's unless it brings its own.
Result<> copy_volume(const Context& ctx, Daemon& daemon, storage::Pool& pool, storage::Pool& source_pool, Copy copy) {
  auto row = TRY(daemon.global->read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    return db::volumes::load(tx, TRY(db::pools::id_of(tx, source_pool.name())), copy.source.project, db::VolumeType::custom, copy.source.name.substr(0, copy.source.name.find('/')));
  }));
  copy.source.content = copy.target.content = ref_of(row).content;
  if (copy.config.empty()) copy.config = row.config;
  if (copy.description.empty()) copy.description = row.description;
  bool snapshots = copy.snapshots && copy.source.name.find('/') == std::string::npos;
  TRY(pool.create_copy(ctx, copy.target, copy.config, source_pool, copy.source, snapshots, nullptr));
  return pool.update_volume(ctx, copy.target, copy.description, TRY(daemon.global->read([&](db::Tx& tx) -> Result<StringMap> {
    return TRY(db::volumes::load(tx, TRY(db::pools::id_of(tx, pool.name())), copy.target.project, db::VolumeType::custom, copy.target.name)).config;
  })));
}

Result<Reply> start_copy(Call& call, std::shared_ptr<storage::Pool> pool, const storage::VolumeRef& target, const api::StorageVolumesPost& request, bool exists) {
  const auto& from = request.source;
  auto source_pool = TRY(call.daemon.pools->load(from.pool.empty() ? pool->name() : from.pool));
  std::string source_project = from.project.empty() ? target.project : TRY(volume_project(call, db::VolumeType::custom, from.project));
  Copy copy{target, {storage::VolumeType::custom, source_project, from.name, target.content},
            request.config, request.description, !from.volume_only};
  if (exists) {
    auto row = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<db::volumes::Row> {
      return db::volumes::load(tx, TRY(db::pools::id_of(tx, pool->name())), target.project, db::VolumeType::custom, target.name);
    }));
    if (row.content_type == db::ContentType::iso) return fail(Code::invalid, "Volumes of content type \"iso\" cannot be refreshed");
    copy.target.content = copy.source.content = ref_of(row).content;
    return accepted(call, operation_of(call, core::OperationType::volume_copy, [=](const Context& ctx, core::Operation&) {
      return pool->refresh_copy(ctx, copy.target, *source_pool, copy.source, copy.snapshots, nullptr);
    }));
  }
  std::string url = entity_url(volume_path(pool->name(), "custom", target.name), target.project);
  return accepted(call, operation_of(call, core::OperationType::volume_copy, [=, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY(copy_volume(ctx, daemon, *pool, *source_pool, copy));
    daemon.events.lifecycle(copy.target.project, "storage-volume-created", url, operation.requestor(), {{"type", "custom"}});
    return {};
  }));
}

Result<Reply> create_from_request(Call& call, const std::string& project) {
  auto request = TRY(api::parse<api::StorageVolumesPost>(TRY(read_small_body(call))));
  TRY_CTX(config::is_api_name(request.name), "Invalid storage volume name");
  auto content = TRY(content_of(request.content_type.empty() ? "filesystem" : request.content_type));
  if (auto type = call.request.params.find("type"); type != call.request.params.end()) request.type = type->second;
  if (request.type != "custom") return fail(Code::invalid, "Currently not allowed to create storage volumes of type {}", quote(request.type));
  auto pool = TRY(call.daemon.pools->load(call.param("poolName")));
  bool exists = call.daemon.global->read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    return db::volumes::load(tx, TRY(db::pools::id_of(tx, pool->name())), project, db::VolumeType::custom, request.name);
  }).has_value();
  if (exists && !request.source.refresh) return fail(Code::conflict, "Volume by that name already exists");
  storage::VolumeRef ref{storage::VolumeType::custom, project, request.name, content};
  if (request.source.type == "copy") return start_copy(call, pool, ref, request, exists);
  if (!request.source.type.empty()) return fail(request.source.type == "migration" ? Code::unsupported : Code::invalid, "Unknown source type {}", quote(request.source.type));
  TRY(check_volatile(request.config));
  if (is_true(get_or(request.config, "dependent"))) return fail(Code::invalid, "Config key 'dependent' cannot be set on creation");
  if (!request.source.name.empty()) return start_copy(call, pool, ref, request, exists);
  TRY(refused_as_500(pool->create_empty(call.ctx, ref, request.config, request.description)));
  emit(call, project, "storage-volume-created", entity_url(volume_path(pool->name(), "custom", request.name), project), {{"type", "custom"}});
  return ok();
}

Result<Reply> move_volume(Call& call, const FoundVolume& found, const api::StorageVolumePost& request, const std::string& target_project) {
  auto target_pool = TRY(call.daemon.pools->load(request.pool.empty() ? found.pool->name() : request.pool));
  TRY(repoint_users(call, found.row, target_pool->name(), request.name));
  storage::VolumeRef target = found.ref;
  target.name = request.name;
  target.project = target_project;
  Copy copy{target, found.ref, {}, "", true};
  return accepted(call, operation_of(call, core::OperationType::volume_move, [=, &daemon = call.daemon, source_pool = found.pool](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY(copy_volume(ctx, daemon, *target_pool, *source_pool, copy));
    daemon.events.lifecycle(target.project, "storage-volume-created", entity_url(volume_path(target_pool->name(), "custom", target.name), target.project), operation.requestor());
    TRY(source_pool->remove(ctx, copy.source));
    daemon.events.lifecycle(copy.source.project, "storage-volume-deleted", entity_url(volume_path(source_pool->name(), "custom", copy.source.name), copy.source.project), operation.requestor());
    return {};
  }));
}

}  // namespace

Result<Reply> create_volume(Call& call) {
  std::string project = TRY(volume_project(call, db::VolumeType::custom));
  if (call.request.headers.get("Content-Type") != "application/octet-stream") return create_from_request(call, project);
  std::string name = call.request.headers.get("X-Incus-name");
  if (call.request.headers.get("X-Incus-type") == "iso") return import_iso(call, project, name);
  return import_volume_backup(call, project, name);
}

Result<Reply> post_volume(Call& call) {
  auto request = TRY(call.body<api::StorageVolumePost>());
  TRY_CTX(config::is_api_name(request.name), "Invalid storage volume name");
  auto type = TRY(volume_type_param(call));
  if (type != db::VolumeType::custom) return fail(Code::invalid, "Renaming storage volumes of type {} is not allowed", quote(call.param("type")));
  auto found = TRY(find_volume(call));
  std::string target_project = found.project;
  if (!request.project.empty()) {
    target_project = TRY(volume_project(call, type, request.project));
    if (target_project != request.project) return fail(Code::invalid, "Target project does not have features.storage.volumes enabled");
    if (target_project == found.project) return fail(Code::invalid, "Project and target project are the same");
    TRY(call.identity.check({"project", target_project, target_project}, "can_create_storage_volumes"));
  }
  if (request.migration) return fail(Code::unsupported, "Migration of storage volumes is not available");
  std::string target_pool = request.pool.empty() ? found.pool->name() : request.pool;
  auto taken = call.daemon.global->read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    return db::volumes::load(tx, TRY(db::pools::id_of(tx, target_pool)), target_project, type, request.name);
  });
  if (taken) return fail(Code::conflict, "Volume by that name already exists");
  if (taken.error().message().find("pool not found") != std::string::npos) return Failure(taken.error());
  if (used_by_daemon(call.daemon, found.row)) return fail(Code::internal, "Volume is used by Incus itself and cannot be renamed");
  TRY(check_not_running(call, found.row));
  if (target_pool != found.pool->name() || target_project != found.project) return move_volume(call, found, request, target_project);
  TRY(repoint_users(call, found.row, found.pool->name(), request.name));
  TRY(found.pool->rename(call.ctx, found.ref, request.name));
  // Its backups follow; most volumes have none.
  auto backups = [&](const std::string& name) { return call.daemon.paths.in_var(std::format("backups/custom/{}/{}_{}", found.pool->name(), found.project, name)); };
  if (rename(backups(found.row.name).c_str(), backups(request.name).c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to move the volume's backups");
  std::string url = entity_url(volume_path(found.pool->name(), "custom", request.name), found.project);
  emit(call, found.project, "storage-volume-renamed", url, {{"old_name", found.row.name}});
  return created(url);
}

}  // namespace incusd
