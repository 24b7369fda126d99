// Starting an instance: volume, owners, devices, templates, then the container itself.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "api/architecture.h"
#include "base/encode.h"
#include "base/log.h"
#include "db/database.h"
#include "instance/backup_file.h"
#include "instance/cpu_balance.h"
#include "instance/credentials.h"
#include "instance/devices.h"
#include "instance/hotplug.h"
#include "instance/application.h"
#include "instance/idmap.h"
#include "instance/power.h"
#include "instance/snapshot.h"
#include "instance/template.h"
#include "instance/volume.h"

namespace instance {
namespace {

Result<> check_startable(const InstancePtr& instance, const PowerOptions& options) {
  ViewPtr view = instance->view();
  TRY(root_disk(view->devices));
  std::string architecture(api::architecture_name(view->row.architecture));
  if (!contains(api::local_architecture_names(), architecture)) return fail(Code::invalid, "Requested architecture isn't supported by this host");
  if (is_true(get_or(view->config, "security.protection.start"))) return fail(Code::invalid, "Instance has startup protection enabled");
  if (instance->running()) return fail(Code::invalid, "The instance is already running");
  if (instance->status() == Status::error) return fail(Code::invalid, "The instance cannot be started as in Error status");
  if (is_true(get_or(view->row.config, "image.requirements.nesting")) && !is_true(get_or(view->config, "security.nesting")))
    return fail(Code::invalid, "The image used by this instance requires nesting. Please set security.nesting=true on the instance");
  if (is_false(get_or(view->row.config, "image.requirements.privileged")) && view->privileged())
    return fail(Code::invalid, "The image used by this instance is incompatible with privileged containers. Please unset security.privileged on the instance");
  if (options.stateful && !view->row.stateful) return fail(Code::invalid, "Instance has no existing state to restore");
  if (options.stateful) return fail(Code::unsupported, "Starting with a kept state needs CRIU, which is not part of this server");
  return {};
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

/// Root inside must be able to pass through the volume's folder, nobody else.
Result<> set_path_owner(const std::string& path, int64_t uid) {
  if (chown(path.c_str(), static_cast<uid_t>(uid), 0) != 0) return fail_errno("Failed setting the owner of " + path);
  if (chmod(path.c_str(), 0100) != 0) return fail_errno("Failed setting the mode of " + path);
  return {};
}

Result<> make_identity(const InstancePtr& instance) {
  StringMap changes;
  std::string uuid = instance->volatile_get("volatile.uuid");
  if (uuid.empty()) changes["volatile.uuid"] = uuid = random_uuid();
  if (instance->volatile_get("volatile.uuid.generation").empty()) changes["volatile.uuid.generation"] = uuid;
  return instance->volatile_set(changes);
}

Result<> run_templates(const Job& job, const InstancePtr& instance, const RootOwnership& owner) {
  std::string deferred = instance->volatile_get("volatile.apply_template");
  if (!deferred.empty()) {
    TRY(apply_templates(job.ctx, instance, deferred, owner.idmapped ? sys::IdMap() : owner.map));
    TRY(instance->volatile_set({{"volatile.apply_template", ""}}));
  }
  return apply_templates(job.ctx, instance, "start", owner.idmapped ? sys::IdMap() : owner.map);
}

Result<> record_start(const InstancePtr& instance) {
  TRY(instance->volatile_set({{"volatile.last_state.power", "RUNNING"}}));
  ViewPtr now = instance->view();
  View next = *now;
  next.row.last_used_at = Timestamp::now();
  next.row.stateful = false;
  TRY(instance->services().global.write([&](db::Tx& tx) { return db::instances::set_last_used(tx, next.row.id, next.row.last_used_at); }));
  instance->replace(std::move(next));
  return {};
}

/// The whole start; the caller holds the lock.
Result<> start_locked(const Job& job, const InstancePtr& instance) {
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
  std::string rootfs = instance->mounted.path + "/rootfs";
  RootOwnership owner = TRY(prepare_ownership(job, instance, rootfs));
  TRY(make_identity(instance));
  TRY(write_credentials(instance, owner.map));
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
  TRY(run_templates(job, instance, owner));
  auto application = TRY(prepare_application(instance, owner, devices));
  view = instance->view();
  TRY(set_path_owner(instance->mounted.path, owner.map.empty() ? 0 : std::max<int64_t>(owner.map.to_host(0, -1).uid, 0)));
  RunSpec spec{.project = view->row.project, .name = view->row.name, .architecture = std::string(api::architecture_name(view->row.architecture)),
               .config = view->config, .path = instance->mounted.path, .rootfs = rootfs, .rootfs_options = {}, .idmap = owner.map,
               .rootfs_idmapped = owner.idmapped, .devices = devices, .oci = std::move(application)};
  auto container = instance->container();
  container->set_spec(std::move(spec));
  TRY(container->start(job.ctx));
  undo.commit();
  instance->status_changed();
  instance->manager().hotplug().refresh();
  rebalance_cpus(instance->manager());
  TRY(record_start(instance));
  for (const device::RunConfig& device : devices)
    for (const auto& hook : device.post_start)
      if (auto done = hook(job.ctx); !done) {
        log_error("A device failed after the start", {{"instance", instance->full_name()}, {"error", done.error().message()}});
        (void)container->kill(Context::detached(seconds(30)));
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
  bool restarting = instance->action.load() == Instance::Action::restart;
  if (!restarting) instance->action = Instance::Action::start;
  auto done = start_locked(job, instance);
  if (!restarting) instance->action = Instance::Action::none;
  TRY(std::move(done));
  if (!restarting) lifecycle(*instance, job, "instance-started");
  return {};
}

}  // namespace instance
