#include "instance/lxc/container.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/log.h"
#include "instance/lxc/container_impl.h"
#include "sys/proc.h"
#include "sys/signal_name.h"

namespace instance::lxc {
namespace {

constexpr const char* kPayload = "lxc.payload.";

/// The value of the last `key = value` line of raw.lxc.
std::string raw_value(const std::string& raw, const std::string& key) {
  std::string value;
  for (const std::string& line : split(raw, '\n')) {
    StringList parts = split(line, '=', 2);
    if (parts.size() == 2 && trim(parts[0]) == key) value = trim(parts[1]);
  }
  return value;
}

}  // namespace

std::string notify_socket(const core::Paths& paths) { return paths.run + "/seccomp.socket"; }

ContainerPaths ContainerPaths::of(const core::Paths& paths, const std::string& project, const std::string& name) {
  ContainerPaths result;
  result.id = core::project_prefix(project, name);
  result.lxc_path = paths.in_var("containers");
  result.run = paths.run + "/" + result.id;
  result.log = paths.log + "/" + result.id;
  result.guest_api = paths.in_var("guestapi");
  result.notify_socket = lxc::notify_socket(paths);
  result.credentials = result.lxc_path + "/" + result.id + "/credentials";
  return result;
}

Container::Container(async::Runtime& runtime, ContainerPaths paths, StopHandler on_stop)
    : impl_(std::make_shared<Impl>(runtime, std::move(paths), std::move(on_stop))) {}
Container::~Container() = default;

void Container::set_spec(RunSpec spec) {
  std::lock_guard lock(impl_->mutex);
  impl_->spec = std::move(spec);
}

Status Container::status() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->status;
}

pid_t Container::init_pid() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->status == Status::stopped ? 0 : impl_->processes.init;
}

Timestamp Container::started_at() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->processes.started_at;
}

Result<UniqueFd> Container::Impl::running_init(pid_t* pid) const {
  std::lock_guard lock(mutex);
  if (status == Status::stopped || !init_fd) return fail(Code::invalid, "The instance is not running");
  if (pid) *pid = processes.init;
  UniqueFd copy(fcntl(init_fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("Failed duplicating a file descriptor");
  return copy;
}

Result<sys::Cgroup> Container::Impl::running_cgroup() const {
  std::lock_guard lock(mutex);
  if (status == Status::stopped) return fail(Code::invalid, "The instance is not running");
  if (!cgroup) return fail(Code::unsupported, "The instance has no control group in the unified hierarchy");
  return cgroup;
}

Result<> Container::Impl::adopt(const Processes& found) {
  UniqueFd init = TRY(sys::pidfd_open(found.init));
  UniqueFd monitor = TRY(sys::pidfd_open(found.monitor));
  // The pidfds name the right processes only if the start times still match after opening them.
  if (!sys::is_process(found.init, found.init_start) || !sys::is_process(found.monitor, found.monitor_start)) {
    return fail(Code::not_found, "The container is not running");
  }
  auto group = sys::Cgroup::of_process(found.init, kPayload);
  std::lock_guard lock(mutex);
  processes = found;
  init_fd = std::move(init);
  monitor_fd = std::move(monitor);
  cgroup = group ? *group : sys::Cgroup();
  bool frozen = cgroup.read_table("cgroup.events")["frozen"] == 1;
  status = frozen ? Status::frozen : Status::running;
  std::weak_ptr<Impl> weak = weak_from_this();
  watch = runtime.when_readable(monitor_fd.get(), [weak] {
    auto self = weak.lock();
    if (self) self->runtime.offload([self] { self->on_monitor_exit(); });
  });
  return {};
}

void Container::Impl::on_monitor_exit() {
  std::vector<std::shared_ptr<FileServer>> servers;
  {
    std::lock_guard lock(mutex);
    if (status == Status::stopped) return;
    // The monitor ends after init; if it was killed instead, init must not live on unwatched.
    (void)sys::pidfd_signal(init_fd.get(), SIGKILL);
    status = Status::stopped;
    processes = {};
    init_fd.reset();
    monitor_fd.reset();
    watch.reset();
    cgroup = {};
    servers.swap(file_servers);  // they hold the container's mounts
  }
  servers.clear();
  StopReason reason = read_stop_reason(stop_file());
  unlink(state_file().c_str());
  stop_handler(reason);
}

StopReason read_stop_reason(const std::string& file) {
  auto text = read_file(file);
  return text && trim(*text) == "reboot" ? StopReason::reboot : StopReason::halt;
}

Result<> Container::Impl::ask_init(const char* raw_key, int systemd, int others) {
  pid_t pid = 0;
  UniqueFd init = TRY(running_init(&pid));
  std::string wanted;
  {
    std::lock_guard lock(mutex);
    wanted = raw_value(get_or(spec.config, "raw.lxc"), raw_key);
  }
  int number = wanted.empty() ? 0 : sys::signal_number(wanted);
  if (number == 0) number = sys::blocks_signal(pid, systemd) ? systemd : others;
  return sys::pidfd_signal(init.get(), number);
}

Result<> Container::shutdown(const Context&) { return impl_->ask_init("lxc.signal.halt", SIGRTMIN + 3, SIGPWR); }

Result<> Container::kill(const Context&) {
  UniqueFd init = TRY(impl_->running_init());
  // No new processes from here on: a fork bomb must not outrun the end of its namespace.
  auto group = impl_->running_cgroup();
  if (group && group->has("pids.max")) (void)group->write("pids.max", "0");
  return sys::pidfd_signal(init.get(), SIGKILL);
}

Result<> Container::save(const Context&, const std::string&) { return fail(Code::unsupported, "Keeping the state of a container needs CRIU, which is not part of this server"); }

namespace {

/// Waits until the kernel says that all tasks are frozen, or thawed.
Result<> wait_frozen(const Context& ctx, const sys::Cgroup& group, bool frozen) {
  Context limited = ctx.with_timeout(seconds(10));
  while ((group.read_table("cgroup.events")["frozen"] == 1) != frozen) TRY(limited.sleep(milliseconds(1)));
  return {};
}

}  // namespace

Result<> Container::freeze(const Context& ctx) {
  sys::Cgroup group = TRY(impl_->running_cgroup());
  TRY(group.write("cgroup.freeze", "1"));
  TRY(wait_frozen(ctx, group, true));
  std::lock_guard lock(impl_->mutex);
  if (impl_->status == Status::running) impl_->status = Status::frozen;
  return {};
}

Result<> Container::unfreeze(const Context& ctx) {
  sys::Cgroup group = TRY(impl_->running_cgroup());
  TRY(group.write("cgroup.freeze", "0"));
  TRY(wait_frozen(ctx, group, false));
  std::lock_guard lock(impl_->mutex);
  if (impl_->status == Status::frozen) impl_->status = Status::running;
  return {};
}

}  // namespace instance::lxc
