// What happens to instances when the daemon or the host comes and goes.
#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/log.h"
#include "core/operation.h"
#include "instance/cpu_balance.h"
#include "instance/devices.h"
#include "instance/driver.h"
#include "instance/hotplug.h"
#include "instance/power.h"
#include "instance/unfinished.h"
#include "instance/volume.h"

namespace instance {
namespace {

int64_t integer_key(const View& view, const std::string& key, int64_t fallback = 0) { return parse_int(get_or(view.config, key)).value_or(fallback); }

bool wants_start(const View& view) {
  std::string autostart = get_or(view.config, "boot.autostart");
  if (autostart.empty() || autostart == "last-state") return get_or(view.row.config, "volatile.last_state.power") == "RUNNING";
  return is_true(autostart);
}
void start_due(const Context& ctx, const std::vector<InstancePtr>& due) {
  for (const InstancePtr& instance : due) {
    if (ctx.stopped()) return;
    if (instance->running()) continue;
    Job job{.ctx = ctx};
    constexpr int kAttempts = 3;
    for (int attempt = 1; attempt <= kAttempts; attempt++) {
      auto started = start(job, instance, {.stateful = instance->view()->row.stateful});
      if (started) break;
      log_warn("Failed to auto start instance", {{"instance", instance->full_name()}, {"attempt", std::to_string(attempt)}, {"error", started.error().message()}});
      if (attempt < kAttempts && !ctx.sleep(seconds(5))) return;
    }
    int64_t delay = integer_key(*instance->view(), "boot.autostart.delay");
    if (delay > 0 && !ctx.sleep(seconds(delay))) return;
  }
}

Result<> end_one(const Context& ctx, const InstancePtr& instance) {
  ViewPtr view = instance->view();
  std::string action = get_or(view->config, "boot.host_shutdown_action");
  PowerOptions options{.timeout = seconds(integer_key(*view, "boot.host_shutdown_timeout", 30)),
                       .force = action == "force-stop",
                       .stateful = action == "stateful-stop" && is_true(get_or(view->config, "migration.stateful"))};
  Job job{.ctx = ctx};
  auto done = stop(job, instance, options);
  if (!done && !options.force && instance->running()) done = stop(job, instance, {.force = true});
  return done;
}

}  // namespace

bool find_running(const Context& ctx, const InstancePtr& instance) {
  if (!std::filesystem::exists(instance->run_path())) return false;
  if (!instance->runtime()->recover()) return false;
  auto mounted = mount_volume(ctx, instance);
  if (mounted) instance->mounted = std::move(*mounted);
  else log_error("Failed mounting the volume of a running instance", {{"instance", instance->full_name()}, {"error", mounted.error().message()}});
  instance->driver().found(instance);
  instance->set_active(true);
  return true;
}

void recover_all(const Context& ctx, Manager& manager) {
  remove_unfinished(ctx, manager);
  for (const InstancePtr& instance : manager.list()) {
    (void)instance->volatile_set({{"volatile.last_state.ready", ""}});  // who is ready says so again
    if (find_running(ctx, instance)) continue;
    bool active = marked_active(*instance);
    if (active) instance->driver().end_leftover(ctx, *instance);
    // It ended while nobody watched, or its start was cut short.
    if (active || instance->volatile_get("volatile.last_state.power") == "RUNNING") stop_devices(instance);
    mark_active(*instance, false);
  }
  manager.hotplug().refresh();
  rebalance_cpus(manager);
}

void autostart(const Context& ctx, Manager& manager) {
  std::vector<InstancePtr> due;
  for (const InstancePtr& instance : manager.list())
    if (!instance->running() && wants_start(*instance->view())) due.push_back(instance);
  std::ranges::stable_sort(due, [](const InstancePtr& a, const InstancePtr& b) {
    return integer_key(*a->view(), "boot.autostart.priority") > integer_key(*b->view(), "boot.autostart.priority");
  });
  start_due(ctx, due);
}

void shutdown_all(const Context& ctx, Manager& manager) {
  std::map<int64_t, std::vector<InstancePtr>, std::greater<>> by_priority;
  for (const InstancePtr& instance : manager.list())
    if (instance->running()) by_priority[integer_key(*instance->view(), "boot.stop.priority")].push_back(instance);
  for (const auto& [priority, group] : by_priority) {
    std::vector<std::thread> threads;
    for (const InstancePtr& instance : group) {
      threads.emplace_back([&ctx, instance] {
        auto done = end_one(ctx, instance);
        if (!done) log_error("Failed stopping instance", {{"instance", instance->full_name()}, {"error", done.error().message()}});
        // It ran until the host went down: that is what the next boot wants to know.
        (void)instance->volatile_set({{"volatile.last_state.power", "RUNNING"}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace instance
