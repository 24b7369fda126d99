// Changing a running machine: devices, CPUs, memory; and keeping its state.
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "instance/qemu/machine_spec.h"
#include "instance/qemu/plug.h"
#include "sys/proc.h"

namespace instance::qemu {
namespace {

Result<Capabilities> capabilities(const Context& ctx) {
  auto found = host(ctx);
  if (!found->qemu) return fail(Code::unsupported, "Virtual machines are unavailable: {}", found->unavailable);
  return *found->qemu;
}

Result<> write_layout_of(const Context& ctx, qmp::Client& qmp, int fd) { return write_layout(fd, TRY(layout_of(ctx, qmp))); }

}  // namespace

Result<> Machine::plug(const Context& ctx, const device::RunConfig& run, Reverter& undo) {
  TRY(impl_->takes(run));
  Capabilities qemu = TRY(capabilities(ctx));
  auto qmp = TRY(impl_->monitor(ctx));
  TRY(allow_functions(init_pid(), run));
  TRY(qemu::plug(ctx, *qmp, qemu, run));
  undo.add("unplug", [qmp, run](const Context& c) { return qemu::unplug(c, *qmp, run); });
  TRY(plug_functions(ctx, *qmp, run));
  for (const auto& hook : run.post_start) TRY(hook(ctx));
  return {};
}

Result<> Machine::unplug(const Context& ctx, const device::RunConfig& run) {
  TRY(impl_->takes(run));
  return qemu::unplug(ctx, *TRY(impl_->monitor(ctx)), run);
}

Result<> Machine::Impl::takes(const device::RunConfig& run) const {
  std::lock_guard lock(mutex);
  bool hardware = !run.drives.empty() || !run.nics.empty() || !run.shares.empty() || !run.usbs.empty() || !run.pcis.empty();
  if (access.board == Board::q35 || !hardware) return {};
  return fail(Code::unsupported, "The devices of a microvm cannot change while it runs: stop it first");
}

Result<> Machine::alter(const Context& ctx, const device::RunConfig& run) {
  return run.drives.empty() && run.nics.empty() ? Result<>() : qemu::alter(ctx, *TRY(impl_->monitor(ctx)), run);
}

Result<> Machine::apply_limits(const Context& ctx, const StringMap& old_config, const StringMap& config) {
  auto changed = [&](const char* key) { return get_or(old_config, key) != get_or(config, key); };
  if (changed("limits.cpu")) {
    auto before = TRY(parse_cpus(get_or(old_config, "limits.cpu"))), now = TRY(parse_cpus(get_or(config, "limits.cpu")));
    if (before.fixed() || now.fixed()) return fail(Code::invalid, "Cannot change to CPU pinning or an explicit CPU topology when the VM is running");
    auto qmp = TRY(impl_->monitor(ctx));
    TRY_CTX(set_cpus(ctx, *qmp, now.count), "Failed updating cpu limit");
    impl_->learn_threads(ctx, *qmp);
  }
  if (changed("limits.memory")) {
    MemorySpec spec;
    {
      std::lock_guard lock(impl_->mutex);
      spec = impl_->access.memory;
    }
    if (!spec.hugepages.empty()) return fail(Code::invalid, "Failed updating memory limit: Cannot live update memory limit when using huge pages");
    TRY_CTX(set_memory(ctx, *TRY(impl_->monitor(ctx)), spec, TRY(parse_memory(get_or(config, "limits.memory")))), "Failed updating memory limit");
  }
  if (changed("limits.memory.oom_priority")) TRY(sys::set_oom_score(init_pid(), parse_int(get_or(config, "limits.memory.oom_priority")).value_or(0)));
  return {};
}

Result<> Machine::use_cpus(const std::vector<int>& cpus) {
  std::vector<pid_t> threads;
  std::vector<int> pins;
  {
    std::lock_guard lock(impl_->mutex);
    threads = impl_->cpu_threads;
    pins = impl_->access.pins;
  }
  for (size_t i = 0; i < threads.size(); i++) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu : i < pins.size() ? std::vector<int>{pins[i]} : cpus)
      if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
    if (CPU_COUNT(&set) == 0) memset(&set, 0xff, sizeof set);
    if (sched_setaffinity(threads[i], sizeof set, &set) < 0 && errno != ESRCH) return fail_errno("Failed pinning a virtual CPU");
  }
  return {};
}

void Machine::Impl::replug_vsock(const Context& ctx, qmp::Client& qmp) {
  VsockPlace place;
  {
    std::lock_guard lock(mutex);
    if (!access.plugged_vsock) return;
    place = access.agent.vsock;
  }
  if (has_vsock(ctx, qmp)) return;
  auto device = start_vsock(place);
  auto serves = device ? vsock_serves(ctx, *device) : Result<>(Failure(device.error()));
  auto plugged = serves ? plug_vsock(ctx, qmp, device->fd.get()) : serves;
  if (!plugged) log_warn("A virtual machine is left without its vsock device", {{"instance", paths.id}, {"error", plugged.error().message()}});
}

Result<> Machine::Impl::free_of_vsock(const Context& ctx, qmp::Client& qmp) {
  // Only a guest that runs lets go of a device.
  TRY(qmp.run(ctx, "cont"));
  return unplug_vsock(ctx, qmp);
}

Result<> Machine::save(const Context& ctx, const std::string& file) {
  auto qmp = TRY(impl_->monitor(ctx));
  (void)impl_->drain_console(ctx);
  std::string part = file + ".part";
  unlink(part.c_str());
  UniqueFd fd(open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed creating " + part);
  bool plugged;
  {
    std::lock_guard lock(impl_->mutex);
    plugged = impl_->access.plugged_vsock;
  }
  auto saved = plugged ? impl_->free_of_vsock(ctx, *qmp) : Result<>();
  if (saved) saved = write_layout_of(ctx, *qmp, fd.get());
  if (saved) saved = save_state(ctx, *qmp, fd.get());
  if (!saved) {
    unlink(part.c_str());
    Context last = Context::detached(seconds(15));  // also if it was cancelled
    (void)qmp->run(last, "cont");
    impl_->replug_vsock(last, *qmp);
    return Failure(std::move(saved).error().wrap("Failed saving the state of the machine"));
  }
  if (fsync(fd.get()) < 0 || rename(part.c_str(), file.c_str()) < 0) return fail_errno("Failed writing " + file);
  return {};
}

}  // namespace instance::qemu
