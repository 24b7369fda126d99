#include "instance/qemu/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "api/json_member.h"
#include "base/log.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "sys/proc.h"
#include "sys/spawn.h"

namespace instance::qemu {
namespace {

/// A monitor answers in milliseconds, unless its process is stopped or the machine is swapped out.
constexpr seconds kMonitorTime{5};
/// How long QEMU gets to write out what it holds before it is killed.
constexpr seconds kQuitTime{5};
constexpr seconds kKillTime{10};

}  // namespace

MachinePaths MachinePaths::of(const core::Paths& paths, const std::string& project, const std::string& name) {
  MachinePaths out;
  out.id = core::project_prefix(project, name);
  out.run = paths.run + "/" + out.id;
  out.log = paths.log + "/" + out.id;
  return out;
}

void MachinePaths::remove_sockets() const {
  for (const std::string& path : {monitor(), console(), spice(), nbd(), pid_file()}) unlink(path.c_str());
}

Machine::Machine(async::Runtime& runtime, MachinePaths paths, MachineEvents events, std::shared_ptr<GuestUplink> uplink)
    : impl_(std::make_shared<Impl>(runtime, std::move(paths), std::move(events), std::move(uplink))) {}
Machine::~Machine() = default;

void Machine::set_start(MachineStart start) {
  std::lock_guard lock(impl_->mutex);
  impl_->next = std::move(start);
}

Result<> Machine::set_access(MachineAccess access) { return impl_->use_access(std::move(access)); }

void Machine::set_nics(std::vector<NicAccess> nics) {
  std::lock_guard lock(impl_->mutex);
  impl_->access.nics = std::move(nics);
}

Status Machine::status() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->status;
}

pid_t Machine::init_pid() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->status == Status::stopped ? 0 : impl_->process.pid;
}

Timestamp Machine::started_at() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->process.started_at;
}

Result<UniqueFd> Machine::Impl::running() const {
  std::lock_guard lock(mutex);
  if (status == Status::stopped || !pidfd) return fail(Code::invalid, "The instance is not running");
  UniqueFd copy(fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("Failed duplicating a file descriptor");
  return copy;
}

void Machine::Impl::set_status(Status now) {
  {
    std::lock_guard lock(mutex);
    if (status == Status::stopped || status == now) return;
    status = now;
  }
  runtime.offload([self = shared_from_this()] { self->events.changed(); });
}

Result<qmp::ClientPtr> Machine::Impl::monitor(const Context& ctx) {
  std::lock_guard one(connecting);
  {
    std::lock_guard lock(mutex);
    if (client && client->connected()) return client;
    if (process.pid == 0) return fail(Code::invalid, "The instance is not running");
  }
  std::weak_ptr<Impl> weak = weak_from_this();
  qmp::Handlers handlers{.event = [weak](const qmp::Event& event) {
                           if (auto self = weak.lock()) self->on_event(event);
                         },
                         // Its process's end shows at the pidfd. If only the monitor is lost, that shows soon.
                         .closed = [weak] {
                           if (auto self = weak.lock()) self->watch_agent(milliseconds(1));
                         }};
  auto connected = TRY_CTX(qmp::Client::connect(ctx.with_timeout(kMonitorTime), runtime, paths.monitor(), std::move(handlers)), "Failed connecting to QEMU");
  std::lock_guard lock(mutex);
  return client = connected;
}

void Machine::Impl::learn_threads(const Context& ctx, qmp::Client& qmp) {
  auto threads = qemu::cpu_threads(ctx, qmp);
  if (!threads) return log_warn("Failed learning the threads of a virtual machine", {{"instance", paths.id}, {"error", threads.error().message()}});
  std::lock_guard lock(mutex);
  cpu_threads = std::move(*threads);
}

Result<> Machine::Impl::adopt(const Process& found) {
  UniqueFd fd = TRY(sys::pidfd_open(found.pid));
  // The pidfd names the right process only if its start time still matches after opening it.
  if (!sys::is_process(found.pid, found.start)) return fail(Code::not_found, "The machine is not running");
  std::lock_guard lock(mutex);
  process = found;
  silent_looks = 0;
  pidfd = std::move(fd);
  reason = StopReason::halt;
  return {};
}

void Machine::Impl::watch_exit() {
  std::weak_ptr<Impl> weak = weak_from_this();
  std::lock_guard lock(mutex);
  exit_watch = runtime.when_readable(pidfd.get(), [weak] {
    if (auto self = weak.lock()) self->runtime.offload([self] { self->on_exit(); });
  });
}

void Machine::Impl::on_exit() {
  qmp::ClientPtr old;
  StopReason why;
  {
    std::lock_guard lock(mutex);
    if (status == Status::stopped) return;
    status = Status::stopped;
    process = {};
    pidfd.reset();
    exit_watch.reset();
    console_watch.reset();
    console_hold.reset();
    agent_timer.reset();
    agent_status = AgentStatus::unknown;
    cpu_threads.clear();
    guest = {};
    old = std::move(client);
    why = reason;
  }
  old.reset();
  refreshed.notify_all();
  unlink(paths.state().c_str());
  paths.remove_sockets();
  events.stopped(why);
}

void Machine::Impl::on_event(const qmp::Event& event) {
  auto flag = [&](const char* key) { return event.data.is_object() && event.data.contains(key) && event.data[key] == true; };
  if (event.name == "STOP") return on_stopped();
  if (event.name == "RESUME") return set_status(Status::running);
  if (event.name == "GUEST_PANICKED") return log_warn("The kernel of a virtual machine gave up", {{"instance", paths.id}});
  if (event.name == "VSERPORT_CHANGE") return watch_agent(milliseconds(20));
  if (event.name == "RTC_CHANGE") return on_clock(api::member(event.data, "offset"));
  if (event.name == "DEVICE_TRAY_MOVED" && flag("tray-open")) return on_ejected(api::member_text(event.data, "id"));
  if (event.name == "SHUTDOWN" && flag("guest")) {
    std::lock_guard lock(mutex);
    if (reason == StopReason::halt && event.data.value("reason", "") == "guest-shutdown") reason = StopReason::powered_off;
  }
  if (event.name == "RESET" && flag("guest")) runtime.offload([self = shared_from_this()] { self->on_reset(); });
}

void Machine::Impl::on_clock(const Json& offset) {
  if (!offset.is_number_integer()) return;
  runtime.offload([self = shared_from_this(), seconds = offset.get<int64_t>()] { self->events.clock(seconds); });
}

void Machine::Impl::on_ejected(const std::string& id) {
  runtime.offload([self = shared_from_this(), id] { self->events.ejected(id); });
}

/// By us, by somebody who debugs it, or because it could not go on: an error of a disk, of the processor.
void Machine::Impl::on_stopped() {
  set_status(Status::frozen);
  runtime.offload([self = shared_from_this()] {
    Context ctx = Context::detached(kMonitorTime);
    auto qmp = self->monitor(ctx);
    auto state = qmp ? run_state(ctx, **qmp) : Failure(qmp.error());
    if (state && status_of(*state) == Status::error) self->set_status(Status::error);
  });
}

void Machine::Impl::on_reset() {
  agent_is(AgentStatus::stopped);
  if (!events.needs_new_qemu()) return events.restarted();
  {
    std::lock_guard lock(mutex);
    reason = StopReason::reboot;
  }
  destroy();
}

void Machine::Impl::destroy() {
  auto fd = running();
  if (!fd) return;
  bool reachable;
  {
    std::lock_guard lock(mutex);
    reachable = status != Status::error;
  }
  Context ctx = Context::detached(kQuitTime + kKillTime);
  auto qmp = reachable ? monitor(ctx.with_timeout(kQuitTime)) : fail(Code::unavailable, "it does not answer");
  auto asked = qmp ? (*qmp)->run(ctx.with_timeout(kQuitTime), "quit") : Failure(qmp.error());
  // It may close the connection before it answers.
  if ((asked || asked.error().code() == Code::unavailable) && ctx.with_timeout(kQuitTime).wait_fd(fd->get(), POLLIN)) return;
  (void)sys::pidfd_signal(fd->get(), SIGKILL);
  if (!ctx.wait_fd(fd->get(), POLLIN)) log_error("QEMU does not end", {{"instance", paths.id}});
}

Result<> Machine::shutdown(const Context& ctx) {
  auto qmp = TRY(impl_->monitor(ctx));
  (void)impl_->drain_console(ctx);  // what it has to say is lost with QEMU
  TRY(qmp->run(ctx.with_timeout(kMonitorTime), "system_powerdown"));
  return {};
}

Result<> Machine::kill(const Context& ctx) {
  TRY(impl_->running());
  if (status() != Status::error) (void)impl_->drain_console(ctx.with_timeout(seconds(1)));
  impl_->destroy();
  return {};
}

Result<> Machine::freeze(const Context& ctx) {
  TRY(TRY(impl_->monitor(ctx))->run(ctx.with_timeout(kMonitorTime), "stop"));
  impl_->set_status(Status::frozen);
  return {};
}

Result<> Machine::unfreeze(const Context& ctx) {
  auto qmp = TRY(impl_->monitor(ctx));
  TRY(qmp->run(ctx.with_timeout(kMonitorTime), "cont"));
  impl_->set_status(Status::running);
  impl_->replug_vsock(ctx, *qmp);  // it went out if the state was saved
  return {};
}

}  // namespace instance::qemu
