#include "instance/remove.h"

#include <filesystem>

#include "base/log.h"
#include "core/warnings.h"
#include "instance/dependent.h"
#include "instance/devices.h"
#include "instance/lxc/container.h"
#include "instance/volume.h"

namespace instance {
namespace {

void remove_folders(const Services& services, const std::string& full_name) {
  std::error_code ignored;  // leftovers are found by the next start of the same name
  std::filesystem::remove_all(services.paths.log + "/" + full_name, ignored);
  std::filesystem::remove_all(services.paths.run + "/" + full_name, ignored);
  for (const char* folder : {"devices/", "shmounts/"}) std::filesystem::remove_all(services.paths.in_var(folder + full_name), ignored);
  std::filesystem::remove_all(services.paths.in_var("backups/instances/" + full_name), ignored);
  unlink_volume(services, full_name);
}

}  // namespace

Result<> remove(const Job& job, const InstancePtr& instance, bool force) {
  auto lock = TRY(instance->lock(job.ctx));
  if (instance->running()) return fail(Code::invalid, "Instance is running");
  ViewPtr view = instance->view();
  Services& services = instance->services();
  if (!force && is_true(get_or(view->config, "security.protection.delete"))) return fail(Code::invalid, "Instance has delete protection enabled");
  if (instance->active()) TRY(instance->wait_inactive(job.ctx.with_timeout(seconds(60))));
  auto pool = pool_of(services, *view);
  if (!pool && pool.error().code() != Code::not_found) return std::unexpected(pool.error());
  if (pool) TRY((*pool)->remove(job.ctx, volume_of(*view)));
  TRY(remove_dependents(job.ctx, services, *view));
  remove_devices(job.ctx, instance);
  TRY(services.global.write([&](db::Tx& tx) -> Result<> {
    TRY(core::forget_entity(tx, core::EntityType::instance, view->row.id));
    return db::instances::remove(tx, view->row.id);
  }));
  std::string full_name = instance->full_name();
  instance->manager().forget(view->row.project, view->row.name);
  instance->drop_container();
  remove_folders(services, full_name);
  lifecycle(*instance, job, "instance-deleted");
  return {};
}

}  // namespace instance
