// What a machine uses: as its agent says, as far as that is there, else as QEMU and the host see it. Who asks waits for a short time only: a worker
// keeps a picture of the guest, and one that does not answer is left alone for a while.
#include "base/log.h"
#include "core/link_state.h"
#include "core/metrics.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "sys/proc.h"

namespace instance::qemu {
namespace {

constexpr seconds kAskTime{3};        ///< for one question to the guest
constexpr milliseconds kFresh{500};   ///< a picture not older than this is as good as a new one
constexpr seconds kStale{60};         ///< an older one says nothing any more
constexpr seconds kSilence{15};       ///< how long a guest that did not answer is left alone

std::map<std::string, api::InstanceStateNetwork> host_side(const std::vector<NicAccess>& nics) {
  std::map<std::string, api::InstanceStateNetwork> out;
  auto netlink = sys::Netlink::open();
  if (!netlink) return out;
  for (const NicAccess& nic : nics) {
    auto link = netlink->link(nic.host_name);
    if (!link) continue;
    auto& state = out[nic.device] = core::far_end_state(*link);
    state.hwaddr = nic.hwaddr;
  }
  return out;
}

}  // namespace

void Machine::Impl::refresh_guest() {
  Context ctx = Context::detached(kAskTime);
  std::optional<api::InstanceState> seen;
  bool asked = false;
  bool wanted;
  {
    std::lock_guard lock(mutex);
    wanted = access.agent.metrics;
  }
  if (auto agent = running_agent(); agent && wanted) {
    asked = true;
    auto state = (*agent)->state(ctx);
    if (state) seen = std::move(*state);
    else log_debug("The agent of a virtual machine did not tell its state", {{"instance", paths.id}, {"error", state.error().message()}});
  }
  std::lock_guard lock(mutex);
  guest.refreshing = false;
  guest.silent = asked && !seen;
  if (seen) guest.state = std::move(*seen);
  if (seen) guest.taken = Clock::now();
  guest.not_before = Clock::now() + (guest.silent ? Duration(kSilence) : Duration(kFresh));
  refreshed.notify_all();
}

void Machine::observe(const Context& ctx, api::InstanceState& out) const {
  std::unique_lock lock(impl_->mutex);
  GuestPicture& guest = impl_->guest;
  bool reachable = impl_->agent_status == AgentStatus::started && impl_->status == Status::running;
  bool patient = !guest.silent;
  if (reachable && !guest.refreshing && Clock::now() >= guest.not_before) {
    guest.refreshing = true;
    impl_->runtime.offload([self = impl_] { self->refresh_guest(); });
  }
  if (reachable && patient && guest.refreshing)
    impl_->refreshed.wait_until(lock, ctx.stop_token(), std::min(ctx.deadline(), Clock::now() + kAskTime), [&] { return !guest.refreshing; });
  bool known = guest.taken != Clock::time_point() && Clock::now() - guest.taken < kStale;
  out.processes = -1;
  if (known) {
    out.cpu = guest.state.cpu;
    out.memory = guest.state.memory;
    out.network = guest.state.network;
    out.processes = guest.state.processes;
    out.os_info = guest.state.os_info;
  }
  pid_t pid = impl_->process.pid;
  auto nics = impl_->access.nics;
  int64_t size = static_cast<int64_t>(impl_->access.memory.size);
  int64_t cpus = static_cast<int64_t>(impl_->cpu_threads.size());
  lock.unlock();
  sys::ProcessUse use = sys::process_use(pid);
  if (out.cpu.usage <= 0) out.cpu.usage = use.cpu;
  out.cpu.allocated_time = std::max<int64_t>(cpus, 1) * 1'000'000'000;
  if (out.memory.usage <= 0) {
    out.memory.total = size;
    out.memory.usage = std::min(use.memory, size);
  }
  if (out.network.empty()) out.network = host_side(nics);
  for (const NicAccess& nic : nics)
    for (auto& [name, network] : out.network)
      if (network.hwaddr == nic.hwaddr && network.host_name.empty()) network.host_name = nic.host_name;
}

void Machine::measure(const Context& ctx, const api::InstanceState& state, core::MetricSet& out) const {
  bool wanted;
  {
    std::lock_guard lock(impl_->mutex);
    wanted = impl_->access.agent.metrics && !impl_->guest.silent;
  }
  auto agent = impl_->running_agent();
  if (agent && wanted && (*agent)->metrics(ctx.with_timeout(kAskTime), out)) return;
  using core::Metric;
  out.add(Metric::cpu_seconds, static_cast<double>(state.cpu.usage) / 1e9, {{"cpu", "0"}, {"mode", "user"}});
  out.add(Metric::cpus, static_cast<double>(state.cpu.allocated_time / 1'000'000'000));
  out.add(Metric::memory_total, static_cast<double>(state.memory.total));
  out.add(Metric::memory_available, static_cast<double>(state.memory.total - state.memory.usage));
  out.add(Metric::memory_free, static_cast<double>(state.memory.total - state.memory.usage));
}

}  // namespace instance::qemu
