#include "instance/remove.h"

#include <filesystem>

#include "base/log.h"
#include "base/reverter.h"
#include "core/warnings.h"
#include "instance/dependent.h"
#include "instance/devices.h"
#include "instance/unfinished.h"
#include "instance/volume.h"

namespace instance {
namespace {

void remove_folders(const Instance& instance) {
  const core::Paths& paths = instance.services().paths;
  std::string full_name = instance.full_name();
  for (const std::string& parent : {paths.log, paths.run, paths.in_var("devices"), paths.in_var("shmounts"), paths.in_var("backups/instances")}) {
    std::error_code ignored;  // leftovers are taken over by the next instance of the name
    std::filesystem::remove_all(parent + "/" + full_name, ignored);
  }
  unlink_volume(instance.services(), instance.view()->type(), full_name);
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
  // From here on a killed daemon's next start completes the deletion: without its volume the instance is of no use.
  TRY(mark_unfinished(services, view->row.id));
  Reverter unmark;  // never committed: deleted or not, the mark goes
  unmark.add("clear the mark", [&services, id = view->row.id](const Context&) -> Result<> {
    clear_unfinished(services, id);
    return {};
  });
  if (pool) TRY((*pool)->remove(job.ctx, volume_of(*view)));
  TRY(remove_dependents(job.ctx, services, *view));
  remove_devices(job.ctx, instance);
  remove_folders(*instance);  // before the row: what is left of them without it would be nobody's
  TRY(services.global.write([&](db::Tx& tx) -> Result<> {
    TRY(core::forget_entity(tx, core::EntityType::instance, view->row.id));
    return db::instances::remove(tx, view->row.id);
  }));
  instance->manager().forget(view->row.project, view->row.name);
  instance->drop_runtime();
  lifecycle(*instance, job, "instance-deleted");
  return {};
}

}  // namespace instance
