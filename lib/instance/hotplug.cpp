#include "instance/hotplug.h"

#include "base/log.h"
#include "device/host_nodes.h"
#include "device/services.h"
#include "instance/devices.h"
#include "instance/manager.h"

namespace instance {
namespace {

/// How often one wake-up looks again because the folders to watch changed under it.
constexpr int kMaxRounds = 5;

struct Watched {
  InstancePtr instance;
  std::string device;
  std::string path;
};

std::vector<Watched> watched_devices(Manager& manager) {
  std::vector<Watched> out;
  for (const InstancePtr& instance : manager.list()) {
    if (!instance->running()) continue;
    ViewPtr view = instance->view();
    for (const auto& [name, config] : view->devices) {
      const device::Type* type = device::find_type(get_or(config, "type"));
      std::string path = type && type->watched ? type->watched(config) : "";
      if (!path.empty()) out.push_back({instance, name, path});
    }
  }
  return out;
}

}  // namespace

void Hotplug::refresh() {
  {
    std::lock_guard guard(mutex_);
    wanted_ = true;
    if (working_) return;
    working_ = true;
  }
  manager_.services().runtime.offload([self = shared_from_this()] { self->work(); });
}

void Hotplug::work() {
  while (true) {
    {
      std::lock_guard guard(mutex_);
      if (!wanted_) {
        working_ = false;
        return;
      }
      wanted_ = false;
    }
    for (int i = 0; i < kMaxRounds && round(); i++) {
    }
  }
}

bool Hotplug::round() {
  std::vector<Watched> devices = watched_devices(manager_);
  std::set<std::string> paths;
  for (const Watched& one : devices) paths.insert(one.path);
  watch_uevents(paths.erase(std::string(device::kWatchUevents)) > 0);
  bool changed = watch(paths);
  Context ctx = Context::detached(seconds(60));
  for (const Watched& one : devices) {
    auto done = follow_host(ctx, one.instance, one.device);
    if (!done) log_warn("Failed following a device of the host", {{"instance", one.instance->full_name()}, {"device", one.device}, {"error", done.error().message()}});
  }
  return changed;
}

bool Hotplug::watch(const std::set<std::string>& paths) {
  if (paths.empty() && !paths_) return false;
  if (!paths_) {
    auto opened = sys::PathWatch::open();
    if (!opened) {
      log_warn("Devices of the host are not followed", {{"error", opened.error().message()}});
      return false;
    }
    paths_ = std::make_unique<sys::PathWatch>(std::move(*opened));
  }
  paths_->drain();  // before looking: what happens later wakes us again
  std::set<std::string> folders;
  for (const std::string& path : paths) folders.insert(sys::watchable_folder(path));
  bool changed = paths_->watch(folders);
  waiting_.reset();
  if (paths.empty()) paths_.reset();
  else waiting_ = manager_.services().runtime.when_readable(paths_->fd(), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->refresh();
  });
  return changed;
}

void Hotplug::watch_uevents(bool wanted) {
  std::lock_guard guard(uevents_mutex_);
  if (wanted == (uevents_ != nullptr)) return;
  uevents_waiting_.reset();
  uevents_.reset();
  if (!wanted) return;
  auto opened = sys::Uevents::open();
  if (!opened) {
    log_warn("Devices of the host are not followed", {{"error", opened.error().message()}});
    return;
  }
  uevents_ = std::make_unique<sys::Uevents>(std::move(*opened));
  uevents_waiting_ = manager_.services().runtime.when_readable(uevents_->fd(), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->uevents_arrived();
  });
}

void Hotplug::uevents_arrived() {
  {
    std::lock_guard guard(uevents_mutex_);
    if (!uevents_) return;
    bool concerns = uevents_->drain();
    uevents_waiting_ = manager_.services().runtime.when_readable(uevents_->fd(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->uevents_arrived();
    });
    if (!concerns) return;
  }
  refresh();
}

}  // namespace instance
