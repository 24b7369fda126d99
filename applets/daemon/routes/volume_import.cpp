#include "applets/daemon/routes/volume_import.h"

#include <fcntl.h>

#include "api/json_member.h"
#include "applets/daemon/routes/backup_common.h"
#include "applets/daemon/routes/volume_common.h"
#include "config/api_name.h"
#include "http/stream.h"
#include "storage/backup.h"

namespace incusd {

namespace {

/// The pool a backup goes to: as asked for, as it was, or the default profile's. Errors: not_found.
Result<std::shared_ptr<storage::Pool>> pool_for(Call& call, const storage::BackupIndex& index) {
  auto wanted = call.request.params.find("poolName");
  return call.daemon.pools->load(wanted != call.request.params.end() && !wanted->second.empty() ? wanted->second : index.pool);
}

core::OperationSpec operation_of(Call& call, core::OperationType type, const std::string& pool, const std::string& name) {
  core::OperationSpec spec;
  spec.type = type;
  spec.project = call.project;
  spec.resources["storage_volumes"] = {"/1.0/" + volume_path(pool, "custom", name)};
  return spec;
}

}  // namespace

Result<Reply> import_iso(Call& call, const std::string& project, const std::string& name) {
  if (name.empty()) return fail(Code::invalid, "Missing volume name");
  TRY_CTX(config::is_api_name(name), "Invalid volume name");
  auto pool = TRY(call.daemon.pools->load(call.param("poolName")));
  auto file = std::make_shared<UniqueFd>(TRY(receive_backup(call)));
  auto spec = operation_of(call, core::OperationType::volume_create, pool->name(), name);
  storage::VolumeRef ref{storage::VolumeType::custom, project, name, storage::ContentType::iso};
  spec.run = [pool, ref, file, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    auto fill = [&](const Context&, const std::string& path) -> Result<> {
      UniqueFd target(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      if (!target) return fail_errno("Cannot create " + path);
      archive::Source source = archive::source_from_file(file->get());
      archive::Sink sink = archive::sink_to_fd(target.get());
      std::vector<char> buffer(1 << 20);
      while (size_t got = TRY(source(buffer))) TRY(sink({buffer.data(), got}));
      return {};
    };
    off_t size = lseek(file->get(), 0, SEEK_END);
    TRY_CTX(pool->create_filled(ctx, ref, {{"size", std::to_string(size)}}, "", fill), "Failed creating custom volume from ISO");
    daemon.events.lifecycle(ref.project, "storage-volume-created", entity_url(volume_path(pool->name(), "custom", ref.name), ref.project), operation.requestor(), {{"type", "custom"}});
    return {};
  };
  return accepted(call, std::move(spec));
}

Result<Reply> import_volume_backup(Call& call, const std::string& project, const std::string& wanted_name) {
  auto file = std::make_shared<UniqueFd>(TRY(receive_backup(call)));
  auto index = TRY(storage::read_index(call.ctx, file->get()));
  if (!wanted_name.empty()) index.name = wanted_name;
  TRY_CTX(config::is_api_name(index.name), "Invalid volume name");
  for (const std::string& snapshot : index.snapshots) TRY_CTX(config::is_api_name(snapshot), "Invalid snapshot name");
  if (index.type != "custom") return fail(Code::invalid, "The backup is of type {}, not of a custom volume", quote(index.type));
  if (index.optimized) return fail(Code::invalid, "Optimized backup storage driver {} differs from the target storage pool driver", quote(index.backend));
  auto pool = TRY(pool_for(call, index));
  Json volume = api::member(index.config, "volume");
  std::string content = volume.is_object() ? api::member_text(volume, "content_type") : "";
  storage::VolumeRef ref{storage::VolumeType::custom, project, index.name, content == "block" ? storage::ContentType::block : content == "iso" ? storage::ContentType::iso : storage::ContentType::filesystem};
  auto spec = operation_of(call, core::OperationType::custom_volume_backup_restore, pool->name(), index.name);
  spec.run = [=, &daemon = call.daemon](const Context& ctx, core::Operation& operation) -> Result<> {
    TRY_CTX(storage::restore_volume(ctx, *pool, ref, index.config, index.snapshots, file->get()), "Create custom volume from backup");
    daemon.events.lifecycle(ref.project, "storage-volume-created", entity_url(volume_path(pool->name(), "custom", ref.name), ref.project), operation.requestor(), {{"type", "custom"}});
    return {};
  };
  return accepted(call, std::move(spec));
}

}  // namespace incusd
