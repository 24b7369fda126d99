#include <filesystem>

#include "base/encode.h"
#include "base/log.h"
#include "instance/backup_file.h"
#include "instance/create.h"
#include "instance/devices.h"
#include "instance/update.h"
#include "instance/volume.h"

namespace instance {
namespace {

void rename_folder(const std::string& from, const std::string& to) {
  std::error_code ignored;  // logs are worth no failed rename
  std::filesystem::remove_all(to, ignored);
  std::filesystem::rename(from, to, ignored);
}

}  // namespace

Result<> rename(const Job& job, const InstancePtr& instance, const std::string& new_name, bool visible) {
  TRY(check_name(new_name));
  auto lock = TRY(instance->lock(job.ctx));
  if (instance->running()) return fail(Code::invalid, "Renaming of running instance not allowed");
  ViewPtr view = instance->view();
  Manager& manager = instance->manager();
  Services& services = instance->services();
  std::string old_name = view->row.name, old_full = instance->full_name();
  std::string log = instance->log_path(), run = instance->run_path();
  auto pool = TRY_CTX(pool_of(services, *view), "Failed loading instance storage pool");
  remove_devices(job.ctx, instance);
  TRY_CTX(pool->rename(job.ctx, volume_of(*view), new_name), "Rename instance");
  TRY_CTX(services.global.write([&](db::Tx& tx) -> Result<> {
    TRY(db::instances::rename(tx, view->row.id, new_name));
    if (!visible) return {};
    return db::instances::patch_config(tx, view->row.id, {{"volatile.apply_template", "rename"}, {"volatile.cloud-init.instance-id", random_uuid()}});
  }), "Failed renaming instance");
  manager.forget(view->row.project, old_name);
  InstancePtr renamed = TRY(manager.reload(view->row.id));
  unlink_volume(services, view->type(), old_full);
  TRY(link_volume(renamed));
  rename_folder(log, renamed->log_path());
  rename_folder(run, renamed->run_path());
  instance->drop_runtime();
  View nothing;
  nothing.row = view->row;
  if (auto added = change_devices(job.ctx, renamed, nothing); !added) log_error("Failed adding devices after a rename", {{"instance", renamed->full_name()}, {"error", added.error().message()}});
  if (auto written = write_backup_file(job.ctx, renamed); !written) log_warn("Failed to write backup file", {{"error", written.error().message()}});
  if (visible) lifecycle(*renamed, job, "instance-renamed", {{"old_name", old_name}});
  return {};
}

}  // namespace instance
