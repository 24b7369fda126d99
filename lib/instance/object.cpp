#include "instance/object.h"

#include "core/locks.h"
#include "db/database.h"
#include "instance/manager.h"
#include "instance/power.h"
#include "instance/render.h"
#include "instance/unfinished.h"

namespace instance {
namespace {

/// Under the instance's mutex: a text rendered with `status` is still true. A change that comes later drops the text (status_changed()).
bool shows(const std::shared_ptr<Runtime>& runtime, Status status) {
  return (runtime ? runtime->status() : Status::stopped) == status;
}

}  // namespace

Instance::Instance(Manager& manager, ViewPtr view, std::function<void()> changed)
    : manager_(manager), services_(manager.services()), changed_(std::move(changed)), view_(std::move(view)) {}
Instance::~Instance() = default;

ViewPtr Instance::view() const {
  std::lock_guard guard(mutex_);
  return view_;
}

void Instance::replace(View view) {
  auto next = std::make_shared<const View>(std::move(view));
  {
    std::lock_guard guard(mutex_);
    view_ = std::move(next);
    json_.reset();
    full_head_.reset();
  }
  changed_();
}

std::string Instance::full_name() const {
  ViewPtr now = view();
  return core::project_prefix(now->row.project, now->row.name);
}
std::string Instance::log_path() const { return services_.paths.log + "/" + full_name(); }
std::string Instance::run_path() const { return services_.paths.run + "/" + full_name(); }
std::string Instance::devices_path() const { return services_.paths.in_var("devices/") + full_name(); }
std::string Instance::shmounts_path() const { return services_.paths.in_var("shmounts/") + full_name(); }
std::string Instance::path() const { return std::format("{}/{}", services_.paths.in_var(std::string(volumes_folder(view()->type()))), full_name()); }
Driver& Instance::driver() const { return manager_.driver(view()->type()); }

std::string Instance::url() const {
  ViewPtr now = view();
  std::string out = "/1.0/instances/" + url_escape(now->row.name);
  if (now->row.project != "default") out += "?project=" + url_escape(now->row.project);
  return out;
}

void Instance::status_changed() {
  {
    std::lock_guard guard(mutex_);
    json_.reset();
    full_head_.reset();
  }
  changed_();
}

std::shared_ptr<Runtime> Instance::runtime() {
  if (auto known = runtime_if_any()) return known;
  auto made = driver().runtime(*this, [self = weak_from_this()](StopReason reason) {
    if (InstancePtr instance = self.lock()) on_stop(instance, reason);
  });
  std::lock_guard guard(mutex_);
  if (!runtime_) runtime_ = std::move(made);
  return runtime_;
}

std::shared_ptr<Runtime> Instance::runtime_if_any() const {
  std::lock_guard guard(mutex_);
  return runtime_;
}

Status Instance::status() const {
  auto runtime = runtime_if_any();
  return runtime ? runtime->status() : Status::stopped;
}

bool Instance::active() const {
  std::lock_guard guard(mutex_);
  return active_;
}

void Instance::set_active(bool active) {
  mark_active(*this, active);
  {
    std::lock_guard guard(mutex_);
    active_ = active;
  }
  active_changed_.notify_all();
  status_changed();
}

Result<> Instance::wait_inactive(const Context& ctx) const {
  std::unique_lock guard(mutex_);
  while (active_) {
    TRY(ctx.check());
    // Woken by notify or by a stop of the context; the deadline bounds the wait. An hour stands for "no deadline".
    auto until = std::min(ctx.deadline(), Clock::now() + std::chrono::hours(1));
    active_changed_.wait_until(guard, ctx.stop_token(), until, [&] { return !active_; });
  }
  return {};
}

void Instance::drop_runtime() {
  std::shared_ptr<Runtime> old;
  std::lock_guard guard(mutex_);
  old = std::move(runtime_);
}

Result<> Instance::volatile_set(const StringMap& changes) {
  StringMap different;
  ViewPtr now = view();
  for (const auto& [key, value] : changes)
    if (get_or(now->row.config, key) != value) different[key] = value;
  if (different.empty()) return {};
  TRY(services_.global.write([&](db::Tx& tx) { return db::instances::patch_config(tx, now->row.id, different); }));
  std::unique_lock guard(mutex_);
  View next = *view_;
  for (const auto& [key, value] : different) {
    if (value.empty()) {
      next.row.config.erase(key);
      next.config.erase(key);
    } else {
      next.row.config[key] = value;
      next.config[key] = value;
    }
  }
  view_ = std::make_shared<const View>(std::move(next));
  json_.reset();
  full_head_.reset();
  guard.unlock();
  changed_();
  return {};
}

Result<std::shared_ptr<void>> Instance::lock(const Context& ctx) const { return core::acquire_lock(ctx, "instance/" + full_name()); }

std::shared_ptr<const std::string> Instance::json() {
  std::unique_lock guard(mutex_);
  if (json_) return json_;
  ViewPtr now = view_;
  guard.unlock();
  Status shown = status();
  auto text = std::make_shared<const std::string>(api::dump(render(*now, shown)));
  guard.lock();
  if (view_ == now && shows(runtime_, shown)) json_ = text;
  return text;
}

std::shared_ptr<const std::string> Instance::full_json_head() {
  std::unique_lock guard(mutex_);
  if (full_head_) return full_head_;
  ViewPtr now = view_;
  guard.unlock();
  Status shown = status();
  auto text = std::make_shared<const std::string>(render_full_head(*now, shown));
  guard.lock();
  if (view_ == now && shows(runtime_, shown)) full_head_ = text;
  return text;
}

}  // namespace instance
