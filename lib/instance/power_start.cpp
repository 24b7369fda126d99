// Starting an instance: volume, devices, what its type needs, then the runtime itself.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "api/architecture.h"
#include "base/encode.h"
#include "base/log.h"
#include "db/database.h"
#include "instance/backup_file.h"
#include "instance/cpu_balance.h"
#include "instance/devices.h"
#include "instance/driver.h"
#include "instance/hotplug.h"
#include "instance/numa.h"
#include "instance/power.h"
#include "instance/snapshot.h"
#include "instance/volume.h"

namespace instance {
namespace {

Result<> check_startable(const InstancePtr& instance, const PowerOptions& options) {
  ViewPtr view = instance->view();
  TRY(root_disk(view->devices));
  std::string architecture(api::architecture_name(view->row.architecture));
  if (!contains(api::local_architecture_names(), architecture)) return fail(Code::invalid, "Requested architecture isn't supported by this host");
  if (is_true(get_or(view->config, "security.protection.start"))) return fail(Code::invalid, "Instance has startup protection enabled");
  if (instance->status() == Status::error) return fail(Code::invalid, "The instance cannot be started as in Error status");
  if (instance->running()) return fail(Code::invalid, "The instance is already running");
  if (options.stateful && !view->row.stateful) return fail(Code::invalid, "Instance has no existing state to restore");
  return instance->driver().check_start(instance, options);
}

Result<> make_folders(const InstancePtr& instance) {
  struct Folder {
    std::string path;
    mode_t mode;
  };
  for (const Folder& folder : {Folder{instance->log_path(), 0700}, Folder{instance->run_path(), 0700}, Folder{instance->devices_path(), 0711},
                               Folder{instance->shmounts_path(), 0711}}) {
    std::error_code error;
    std::filesystem::create_directories(folder.path, error);
    if (error) return fail_errno("Failed creating " + folder.path, error.value());
    if (chmod(folder.path.c_str(), folder.mode) != 0) return fail_errno("Failed setting the mode of " + folder.path);
  }
  return {};
}

Result<> make_identity(const InstancePtr& instance) {
  StringMap changes;
  std::string uuid = instance->volatile_get("volatile.uuid");
  if (uuid.empty()) changes["volatile.uuid"] = uuid = random_uuid();
  if (instance->volatile_get("volatile.uuid.generation").empty()) changes["volatile.uuid.generation"] = uuid;
  return instance->volatile_set(changes);
}

Result<> record_start(const InstancePtr& instance) {
  const std::string power = "volatile.last_state.power", on = "RUNNING";
  ViewPtr now = instance->view();
  View next = *now;
  next.row.last_used_at = Timestamp::now();
  next.row.stateful = false;
  next.row.config[power] = next.config[power] = on;
  // At once: each change waits for the disk.
  TRY(instance->services().global.write([&](db::Tx& tx) -> Result<> {
    TRY(db::instances::patch_config(tx, next.row.id, {{power, on}}));
    TRY(db::instances::set_stateful(tx, next.row.id, false));
    return db::instances::set_last_used(tx, next.row.id, next.row.last_used_at);
  }));
  instance->replace(std::move(next));
  return {};
}

/// The whole start; the caller holds the lock.
Result<> start_locked(const Job& job, const InstancePtr& instance, const PowerOptions& options) {
  Reverter undo;
  ViewPtr view = instance->view();
  // What a later recovery would need must be consistent: better no start than a backup file that nobody can use.
  if (!view->snapshots.empty()) TRY_CTX(describe(instance), "Failed updating the backup file");
  TRY(make_folders(instance));
  TRY(link_volume(instance));
  instance->mounted = TRY(mount_volume(job.ctx, instance));
  undo.add("unmount volume", [instance](const Context&) -> Result<> {
    instance->mounted = {};
    return {};
  });
  TRY(make_identity(instance));
  TRY(balance_nodes(instance));
  auto preparation = TRY(instance->driver().prepare(job, instance, options));
  instance->set_active(true);
  undo.add("mark inactive", [instance](const Context&) -> Result<> {
    instance->set_active(false);
    return {};
  });
  Host host(instance);
  auto devices = TRY(start_devices(job.ctx, instance, host));
  undo.add("stop devices", [instance](const Context&) -> Result<> {
    stop_devices(instance);
    return {};
  });
  TRY(preparation->complete(job, devices));
  TRY(instance->runtime()->start(job.ctx));
  undo.commit();
  instance->status_changed();
  instance->manager().hotplug().refresh();
  rebalance_cpus(instance->manager());
  TRY(record_start(instance));
  for (const device::RunConfig& device : devices)
    for (const auto& hook : device.post_start)
      if (auto done = hook(job.ctx); !done) {
        log_error("A device failed after the start", {{"instance", instance->full_name()}, {"error", done.error().message()}});
        (void)instance->runtime()->kill(Context::detached(seconds(30)));
        return std::unexpected(std::move(done).error().wrap("Failed to run post-start hooks"));
      }
  return {};
}

}  // namespace

Result<> start(const Job& job, const InstancePtr& instance, const PowerOptions& options) {
  if (!instance->running()) TRY(startup_snapshot(job, instance));
  if (instance->active() && !instance->running()) TRY(instance->wait_inactive(job.ctx.with_timeout(seconds(60))));
  auto lock = TRY(instance->lock(job.ctx));
  TRY(check_startable(instance, options));
  bool restarting = instance->action.load() == Instance::Action::again;
  if (!restarting) instance->action = Instance::Action::start;
  auto done = start_locked(job, instance, options);
  if (!restarting) instance->action = Instance::Action::none;
  TRY(std::move(done));
  if (!restarting) lifecycle(*instance, job, "instance-started");
  return {};
}

}  // namespace instance
