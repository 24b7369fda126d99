// POST /1.0/instances with a backup file as the body.
#include "applets/daemon/routes/backup_common.h"
#include "applets/daemon/routes/instance_sources.h"
#include "db/profiles.h"
#include "instance/import.h"
#include "storage/pool.h"

namespace incusd {
namespace {

/// "a=1 b=2"
Result<StringMap> config_overrides(const std::string& header) {
  StringMap out;
  for (const std::string& item : split_list(header, ' ')) {
    size_t equals = item.find('=');
    if (equals == item.npos) return fail(Code::invalid, "Failed to parse config <key>=<value>: {}", quote(item));
    out[item.substr(0, equals)] = item.substr(equals + 1);
  }
  return out;
}

/// "root,size=1GiB eth0,network=x"
Result<api::DevicesMap> device_overrides(const std::string& header) {
  api::DevicesMap out;
  for (const std::string& item : split_list(header, ' ')) {
    size_t comma = item.find(','), equals = item.find('=', comma == item.npos ? 0 : comma);
    if (comma == item.npos || equals == item.npos) return fail(Code::invalid, "Failed to parse device <device>,<key>=<value>: {}", quote(item));
    out[item.substr(0, comma)][item.substr(comma + 1, equals - comma - 1)] = item.substr(equals + 1);
  }
  return out;
}

/// The pool asked for, else the backup's own, else that of the project's default profile. Errors: not_found.
Result<std::string> choose_pool(Call& call, const std::string& wanted, const storage::BackupIndex& index) {
  if (!wanted.empty()) return TRY_CTX(call.daemon.pools->load(wanted), "Storage pool not found")->name();
  if (call.daemon.pools->load(index.pool)) return index.pool;
  std::string project = TRY(call.daemon.projects->effective(call.project, "profile"));
  auto profile = TRY_CTX(call.daemon.global->read([&](db::Tx& tx) { return db::profiles::load(tx, project, "default"); }), "Failed to get default profile");
  for (const auto& [name, device] : profile.devices) {
    if (get_or(device, "type") == "disk" && get_or(device, "path") == "/") return get_or(device, "pool");
  }
  return fail(Code::internal, "Failed to get root disk device: No root device could be found");
}

}  // namespace

Result<Reply> create_from_backup(Call& call) {
  const auto& headers = call.request.headers;
  instance::ImportSpec spec;
  spec.config = TRY(config_overrides(headers.get("X-Incus-config")));
  spec.devices = TRY(device_overrides(headers.get("X-Incus-devices")));
  auto file = std::make_shared<UniqueFd>(TRY(receive_backup(call)));
  auto index = storage::read_index(call.ctx, file->get());
  if (!index) return Failure(std::move(index).error().with_code(Code::invalid));
  spec.index = std::move(*index);
  if (!spec.index.config.is_object() || !spec.index.config.contains("container")) return fail(Code::invalid, "Backup file is missing required information");
  spec.project = call.project;
  spec.name = headers.get("X-Incus-name");
  if (spec.name.empty()) spec.name = spec.index.name;
  TRY(instance::check_name(spec.name));
  for (const std::string& snapshot : spec.index.snapshots) TRY(instance::check_snapshot_name(snapshot));
  spec.pool = TRY(choose_pool(call, headers.get("X-Incus-pool"), spec.index));
  spec.file = file->get();
  return start_work(call, core::OperationType::backup_restore, spec.name, [file, spec, &manager = *call.daemon.instances](const instance::Job& job) -> Result<> {
    return instance::import_backup(job, manager, spec).transform([](instance::InstancePtr&&) {});
  });
}

}  // namespace incusd
