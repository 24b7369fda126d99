// Starting QEMU, and finding a running one again after a daemon restart.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "instance/qemu/config.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "instance/qemu/machine_launch.h"
#include "instance/qemu/plug.h"
#include "instance/qemu/scriptlet.h"
#include "sys/proc.h"

namespace instance::qemu {
namespace {

/// QEMU leaves once its machine is made; more than this is a fault. It takes 0.1 s, and seconds where memory is short.
constexpr seconds kSpawnTime{60};
/// With a PCI function of the host all of the guest's memory is fetched and pinned first.
constexpr seconds kPinningTime{600};

std::string render_state(const Process& process) {
  return std::format("{} {} {} {}\n", process.pid, process.start, process.started_at.seconds, process.started_at.nanos);
}

std::optional<Process> parse_state(const std::string& text) {
  StringList fields = split_list(trim(text), ' ');
  if (fields.size() != 4) return std::nullopt;
  auto pid = parse_int(fields[0]), seconds = parse_int(fields[2]), nanos = parse_int(fields[3]);
  auto start = parse_uint(fields[1]);
  if (!pid || *pid <= 0 || !start || !seconds || !nanos) return std::nullopt;
  return Process{static_cast<pid_t>(*pid), *start, Timestamp::from_unix(*seconds, static_cast<int32_t>(*nanos))};
}

/// What QEMU wrote to its log before it gave up, for a user to read.
std::string last_words(const std::string& log_file) {
  constexpr size_t kEnough = 2000;
  std::string text = read_file(log_file).value_or("");
  if (text.empty()) return "";
  return " (" + std::string(trim(text.size() > kEnough ? text.substr(text.size() - kEnough) : text)) + ")";
}

Result<> restore(const Context& ctx, qmp::Client& qmp, const std::string& file) {
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno("Failed opening the saved state " + file);
  TRY(read_layout(fd.get()));  // what follows it is QEMU's
  return load_state(ctx, qmp, fd.get());
}

/// What the administrator wants done at a stage: raw.qemu.qmp.STAGE, then raw.qemu.scriptlet, which alone is asked before QEMU is there.
Result<> run_hooks(const Context& ctx, qmp::Client* qmp, const MachineStart& start, Rendered& rendered, const std::string& stage) {
  if (qmp) TRY(run_raw_commands(ctx, *qmp, start.spec.config, stage));
  std::string source = get_or(start.spec.config, "raw.qemu.scriptlet");
  if (source.empty()) return {};
  ScriptletStage seen{stage, start.instance, start.launch->argv, rendered.sections, qmp, start.spec.firmware.vars};
  return run_qemu_scriptlet(ctx, source, seen);
}

/// The scriptlet changes what QEMU is started with.
Result<> run_config_stage(const Context& ctx, const MachineStart& start, Rendered& rendered) {
  TRY(run_hooks(ctx, nullptr, start, rendered, "config"));
  TRY(check_sections(rendered.sections));
  rendered.conf = to_text(rendered.sections);
  rendered.free_ports.clear();  // it may have taken some
  return {};
}

/// Everything that is plugged into a q35 machine before its first instruction. A saved one gets what it had, where it had it.
Result<> furnish(const Context& ctx, qmp::Client& qmp, const MachineStart& start, Rendered& rendered, int vsock) {
  bool restoring = !start.state_file.empty();
  unsigned cpus = restoring ? start.layout.cpus : start.spec.cpu.count;
  if (start.spec.cpu.sockets == 0 && cpus > 1) TRY_CTX(set_cpus(ctx, qmp, cpus), "Failed to add CPUs");
  if (restoring) TRY(plug_memory(ctx, qmp, start.spec.memory, start.layout.dimms));
  TRY_CTX(plug_all(ctx, qmp, *start.launch->host->qemu, start.spec, restoring ? start.layout.places : places_on(start.free_ports, start.spec)), "Failed setting up device via monitor");
  if (vsock >= 0 && !restoring) TRY(plug_vsock(ctx, qmp, vsock));
  TRY(run_hooks(ctx, &qmp, start, rendered, "pre-start"));
  if (restoring) return {};
  // Boot indexes of plugged devices count from the next reset on only.
  TRY(qmp.run(ctx, "system_reset"));
  return {};
}

/// Limits that changed while the machine was away.
Result<> reach_limits(const Context& ctx, qmp::Client& qmp, const MachineStart& start) {
  if (start.spec.cpu.sockets == 0 && start.cpus != start.layout.cpus) TRY_CTX(set_cpus(ctx, qmp, start.cpus), "Failed updating cpu limit");
  return set_memory(ctx, qmp, start.spec.memory, start.memory);
}

}  // namespace

Result<Rendered> Machine::Impl::spawn(const Context& ctx, MachineStart& start) {
  Launch& launch = *start.launch;
  Rendered rendered = TRY(render(start.spec, *launch.host->qemu));
  if (!launch.program) {
    TRY(run_config_stage(ctx, start, rendered));
    TRY(start_program(launch, paths));
  }
  TRY(write_file_atomic(paths.run + "/qemu.conf", rendered.conf, 0600));  // for people to read
  start.free_ports = rendered.free_ports;
  TRY_CTX(vsock_serves(ctx, launch.vsock), "Failed making the vsock device");
  bool pins = std::ranges::any_of(start.spec.devices, [](const device::RunConfig& run) { return !run.pcis.empty(); });
  auto ran = launch.program->finish(ctx.with_timeout(pins ? kPinningTime : kSpawnTime), {.input = rendered.conf});
  if (!ran) return Failure(std::move(ran).error().wrap("Failed starting QEMU" + last_words(start.spec.log_file)));
  auto pid = parse_int(trim(TRY_CTX(read_file(paths.pid_file()), "QEMU left no process id")));
  if (!pid || *pid <= 0) return fail(Code::internal, "QEMU left no process id");
  Process found{.pid = static_cast<pid_t>(*pid), .started_at = Timestamp::now()};
  found.start = sys::process_start_time(found.pid).value_or(0);
  TRY_CTX(adopt(found), "QEMU ended right after its start");
  TRY(write_file_atomic(paths.state(), render_state(found)));
  return rendered;
}

Result<> Machine::Impl::assemble(const Context& ctx, const MachineStart& start, Rendered& rendered) {
  int vsock = start.launch->vsock.fd.get();
  auto qmp = TRY(monitor(ctx));
  TRY(run_hooks(ctx, qmp.get(), start, rendered, "early"));
  for (const device::RunConfig& run : start.spec.devices) TRY(allow_functions(process.pid, run));
  // QEMU can't save the state of this device, so a saved machine has none; the others get theirs before the guest looks.
  bool late = plugs_vsock(start.spec);
  if (start.spec.board == Board::q35) TRY(furnish(ctx, *qmp, start, rendered, late ? vsock : -1));
  else TRY(run_hooks(ctx, qmp.get(), start, rendered, "pre-start"));
  learn_threads(ctx, *qmp);
  if (start.oom_score != 0)
    if (auto set = sys::set_oom_score(process.pid, start.oom_score); !set) log_warn("Failed to set OOM priority", {{"instance", paths.id}, {"error", set.error().message()}});
  if (!start.state_file.empty()) TRY_CTX(restore(ctx, *qmp, start.state_file), "Failed restoring the saved state");
  if (late && !start.state_file.empty()) TRY(plug_vsock(ctx, *qmp, vsock));
  TRY_CTX(qmp->run(ctx, "cont"), "Failed starting the machine");
  if (!start.state_file.empty())
    if (auto reached = reach_limits(ctx, *qmp, start); !reached)
      log_warn("Limits that changed since the state of a virtual machine was saved are not in force", {{"instance", paths.id}, {"error", reached.error().message()}});
  if (!start.state_file.empty()) unlink(start.state_file.c_str());
  return run_hooks(ctx, qmp.get(), start, rendered, "post-start");
}

Result<> Machine::Impl::launch(const Context& ctx, MachineStart start) {
  TRY(use_access(start.access));
  auto rendered = spawn(ctx, start);
  auto done = rendered ? assemble(ctx, start, *rendered) : Result<>(Failure(rendered.error()));
  if (!done) {
    abandon();
    // A QEMU that went away during these steps said why in its log only.
    bool silent = done.error().code() == Code::unavailable;
    return Failure(silent ? std::move(done).error().wrap("QEMU ended" + last_words(start.spec.log_file)) : std::move(done).error());
  }
  {
    std::lock_guard lock(mutex);
    status = Status::running;
  }
  watch_exit();
  listen_to_guest();
  watch_agent(seconds(1));
  return {};
}

/// Nobody was told of this start: no handler hears of its end.
void Machine::Impl::abandon() {
  qmp::ClientPtr old;
  UniqueFd process_fd;
  {
    std::lock_guard lock(mutex);
    old = std::move(client);
    process_fd = std::move(pidfd);
    process = {};
  }
  old.reset();
  if (process_fd) {
    (void)sys::pidfd_signal(process_fd.get(), SIGKILL);
    (void)Context::detached(seconds(10)).wait_fd(process_fd.get(), POLLIN);
  }
  unlink(paths.state().c_str());
}

Result<> Machine::start(const Context& ctx) {
  MachineStart planned;
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->status != Status::stopped) return fail(Code::invalid, "The instance is already running");
    planned = std::exchange(impl_->next, {});
  }
  return impl_->launch(ctx, std::move(planned));
}

bool Machine::recover() {
  auto text = read_file(impl_->paths.state());
  auto found = text ? parse_state(*text) : std::nullopt;
  if (!found || !impl_->adopt(*found)) return false;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->status = Status::running;
  }
  impl_->watch_exit();
  return true;
}

void Machine::resume() {
  impl_->listen_to_guest();
  // Its monitor may be slow, or its process stopped: the daemon's start does not wait for it.
  impl_->runtime.offload([self = impl_] {
    Context ctx = Context::detached(seconds(30));
    if (auto qmp = self->monitor(ctx)) self->learn_status(ctx, **qmp);
    self->poll_agent();
  });
}

}  // namespace instance::qemu
