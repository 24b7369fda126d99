// Snapshots by the clock: those that are due are made, those whose time is over go.
#include "base/log.h"
#include "core/schedule.h"
#include "instance/snapshot.h"

namespace instance {
namespace {

void log_failure(const InstancePtr& instance, std::string_view what, const Result<>& result) {
  if (!result) log_error(what, {{"instance", instance->full_name()}, {"error", result.error().message()}});
}

Result<> scheduled_snapshot(const Job& job, const InstancePtr& instance) {
  std::string name = TRY(next_snapshot_name(instance));
  Timestamp expires = TRY(snapshot_expiry(*instance->view(), false));
  return create_snapshot(job, instance, name, expires);
}

}  // namespace

void run_snapshot_schedule(const Context& ctx, Manager& manager, Timestamp now) {
  for (const InstancePtr& instance : manager.list()) {
    if (ctx.stopped()) return;
    ViewPtr view = instance->view();
    std::string schedule = get_or(view->config, "snapshots.schedule");
    if (schedule.empty() || !core::schedule_fires(schedule, now, static_cast<uint64_t>(view->row.id) * 7919)) continue;
    if (!instance->running() && !is_true(get_or(view->config, "snapshots.schedule.stopped"))) continue;
    log_failure(instance, "Failed making a scheduled snapshot", scheduled_snapshot({.ctx = ctx}, instance));
  }
}

void remove_expired_snapshots(const Context& ctx, Manager& manager, Timestamp now) {
  for (const InstancePtr& instance : manager.list()) {
    ViewPtr view = instance->view();
    for (const db::snapshots::Row& snapshot : view->snapshots) {
      if (ctx.stopped()) return;
      // Zero and the Unix epoch both say "never".
      if (snapshot.expires_at.is_zero() || snapshot.expires_at.seconds == 0 || now < snapshot.expires_at) continue;
      log_failure(instance, "Failed removing an expired snapshot", remove_snapshot({.ctx = ctx}, instance, snapshot.name));
    }
  }
}

Result<> startup_snapshot(const Job& job, const InstancePtr& instance) {
  if (!core::schedule_at_startup(get_or(instance->view()->config, "snapshots.schedule"))) return {};
  return scheduled_snapshot(job, instance);
}

}  // namespace instance
