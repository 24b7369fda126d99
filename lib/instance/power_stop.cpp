// Stopping: by request (graceful or not) and what follows the end of an instance, however it came.
#include "base/log.h"
#include "instance/cpu_balance.h"
#include "instance/devices.h"
#include "instance/driver.h"
#include "instance/power.h"
#include "instance/remove.h"
#include "instance/state_room.h"

namespace instance {
namespace {

constexpr seconds kForcedStopTimeout{60};

/// How long an ephemeral application container stays after its entry point was done, so that who launched it can read what it said.
constexpr seconds kLastWords{2};

/// How often an instance may restart by itself within a minute before we give up on it.
constexpr int kMaxAutoRestarts = 10;

bool by_force(const PowerOptions& options) { return options.force || options.timeout.count() == 0; }

Result<> check_running(const InstancePtr& instance, const PowerOptions& options) {
  if (!instance->running()) return fail(Code::invalid, "The instance is already stopped");
  bool unreachable = instance->status() == Status::error && (options.stateful || !by_force(options));
  return unreachable ? fail(Code::invalid, "The instance cannot be cleanly shutdown as in Error status") : Result<>();
}

Result<> graceful(const Job& job, const InstancePtr& instance, seconds timeout) {
  auto runtime = instance->runtime();
  if (runtime->status() == Status::frozen) {
    TRY(runtime->unfreeze(job.ctx));
    TRY(job.ctx.sleep(seconds(3)));  // init needs a moment before it can take the signal
  }
  TRY(runtime->shutdown(job.ctx));
  auto stopped = instance->wait_inactive(job.ctx.with_timeout(timeout));
  if (stopped) return {};
  return std::unexpected(Error(stopped.error().code(), std::format("Failed shutting down instance, status is {}: context deadline exceeded",
                                                                   quote(status_name(instance->status())))));
}

Result<> forced(const Job& job, const InstancePtr& instance) {
  auto runtime = instance->runtime();
  if (runtime->status() == Status::frozen) (void)runtime->unfreeze(job.ctx);  // a frozen task can't die on cgroup v1; kill tells if it fails
  TRY(runtime->kill(job.ctx));
  return instance->wait_inactive(job.ctx.with_timeout(kForcedStopTimeout));
}

/// The running state goes to a file of its volume, from which the next stateful start goes on.
Result<> stateful(const Job& job, const InstancePtr& instance) {
  TRY(instance->runtime()->save(job.ctx, state_file(*instance)));
  TRY(instance->services().global.write([&](db::Tx& tx) { return db::instances::set_stateful(tx, instance->id(), true); }));
  View next = *instance->view();
  next.row.stateful = true;
  instance->replace(std::move(next));
  return forced(job, instance);
}

Result<> end(const Job& job, const InstancePtr& instance, const PowerOptions& options) {
  TRY(check_running(instance, options));
  if (options.stateful) {
    if (!is_true(get_or(instance->view()->config, "migration.stateful")))
      return fail(Code::invalid, "Stateful stop requires the instance to have migration.stateful be set to true");
    TRY(check_state_room(*instance->view()));
    return stateful(job, instance);
  }
  return by_force(options) ? forced(job, instance) : graceful(job, instance, options.timeout);
}

bool may_restart(const InstancePtr& instance) {
  if (!is_true(get_or(instance->view()->config, "boot.autorestart"))) return false;
  auto now = Clock::now();
  std::erase_if(instance->restarts, [&](auto when) { return now - when > std::chrono::minutes(1); });
  if (instance->restarts.size() >= kMaxAutoRestarts) return false;
  instance->restarts.push_back(now);
  return true;
}

/// Devices, volume, power state. The caller holds the lock.
void clean_up(const InstancePtr& instance) {
  auto recorded = instance->volatile_set({{"volatile.last_state.power", "STOPPED"}, {"volatile.last_state.ready", "false"}});
  if (!recorded) log_error("Failed recording last power state", {{"instance", instance->full_name()}, {"error", recorded.error().message()}});
  stop_devices(instance);
  instance->driver().ended(instance);
  instance->mounted = {};
  instance->set_active(false);
  rebalance_cpus(instance->manager());
}

}  // namespace

std::string state_file(const Instance& instance) { return instance.mounted.path + "/state"; }

Result<> stop(const Job& job, const InstancePtr& instance, const PowerOptions& options) {
  TRY(check_running(instance, options));
  auto before = instance->action.exchange(Instance::Action::stop);
  auto done = end(job, instance, options);
  instance->action = before == Instance::Action::restart ? before : Instance::Action::none;
  TRY(std::move(done));
  if (before != Instance::Action::restart) lifecycle(*instance, job, by_force(options) ? "instance-stopped" : "instance-shutdown");
  if (before != Instance::Action::restart && instance->view()->row.ephemeral) TRY_CTX(remove(job, instance, true), "Failed deleting ephemeral instance");
  return {};
}

Result<> restart(const Job& job, const InstancePtr& instance, const PowerOptions& options) {
  TRY(check_running(instance, options));
  if (!options.force && options.timeout.count() > 0 && instance->status() == Status::frozen) return fail(Code::invalid, "Instance is not running");
  instance->action = Instance::Action::restart;
  auto done = end(job, instance, options);
  instance->action = Instance::Action::again;
  if (done) done = start(job, instance, {});
  instance->action = Instance::Action::none;
  TRY(std::move(done));
  lifecycle(*instance, job, "instance-restarted");
  return {};
}

Result<> freeze(const Job& job, const InstancePtr& instance) {
  auto lock = TRY(instance->lock(job.ctx));
  if (!instance->running() || instance->status() == Status::error) return fail(Code::invalid, "The instance isn't running");
  if (instance->status() == Status::frozen) return fail(Code::invalid, "The container is already frozen");
  TRY(instance->runtime()->freeze(job.ctx));
  instance->status_changed();
  lifecycle(*instance, job, "instance-paused");
  return {};
}

Result<> unfreeze(const Job& job, const InstancePtr& instance) {
  auto lock = TRY(instance->lock(job.ctx));
  if (!instance->running() || instance->status() == Status::error) return fail(Code::invalid, "The container isn't running");
  if (instance->status() != Status::frozen) return fail(Code::invalid, "The container is already running");
  TRY(instance->runtime()->unfreeze(job.ctx));
  instance->status_changed();
  lifecycle(*instance, job, "instance-resumed");
  return {};
}

Result<> change_state(const Job& job, const InstancePtr& instance, const std::string& action, const PowerOptions& options) {
  if (action == "start") return start(job, instance, options);
  if (action == "stop") return stop(job, instance, options);
  if (action == "restart") return restart(job, instance, options);
  if (action == "freeze") return freeze(job, instance);
  if (action == "unfreeze") return unfreeze(job, instance);
  return fail(Code::invalid, "Unknown action: '{}'", action);
}

void on_stop(const InstancePtr& instance, StopReason reason) {
  Context ctx = Context::detached(seconds(120));
  Job job{.ctx = ctx};
  instance->status_changed();
  auto action = instance->action.load();  // before those who wait for the end go on
  {
    auto lock = instance->lock(ctx);
    if (!lock) log_error("Cleaning up a stopped instance without its lock", {{"instance", instance->full_name()}, {"error", lock.error().message()}});
    if (!instance->active()) return;
    clean_up(instance);
  }
  if (action == Instance::Action::restart) return;  // restart() starts it again
  bool requested = action == Instance::Action::stop;
  if (!requested && (reason == StopReason::reboot || (reason == StopReason::halt && may_restart(instance)))) {
    instance->action = Instance::Action::again;
    auto started = start(job, instance, {});
    instance->action = Instance::Action::none;
    if (started) lifecycle(*instance, job, "instance-restarted");
    else log_error("Failed restarting instance", {{"instance", instance->full_name()}, {"error", started.error().message()}});
    return;
  }
  if (requested) return;  // stop() does the rest
  lifecycle(*instance, job, "instance-shutdown");
  if (instance->view()->row.ephemeral) {
    if (is_true(instance->volatile_get("volatile.container.oci"))) (void)ctx.sleep(kLastWords);
    auto removed = remove(job, instance, true);
    if (!removed) log_error("Failed deleting ephemeral instance", {{"instance", instance->full_name()}, {"error", removed.error().message()}});
  }
}

}  // namespace instance
