// The guest's side: whether its agent is there, and what calls go through it.
#include <sys/socket.h>

#include "base/log.h"
#include "http/stream.h"
#include "instance/qemu/guest_uplink.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "sys/fd_passing.h"

namespace instance::qemu {
namespace {

/// How often the agent's serial port is read; agents write there every few seconds.
constexpr seconds kPollPeriod{5};
constexpr seconds kPollTime{3};
/// A monitor that did not answer is asked once more before the machine counts as out of reach; not at once, because QEMU closes it first when it ends.
constexpr seconds kSecondLook{3};
constexpr int kSilentLooks = 2;
/// Telling an agent where the daemon is.
constexpr seconds kAdvertiseTime{10};
/// An agent writes that it started before it listens.
constexpr int kTells = 3;

}  // namespace

Result<> Machine::Impl::use_access(MachineAccess now) {
  auto made = TRY(AgentClient::create(
      runtime, [place = now.agent.vsock](const Context& ctx, uint32_t port) { return connect_vsock(ctx, place, port); }, now.agent.identity));
  std::lock_guard lock(mutex);
  agent = std::move(made);
  agent_status = now.agent.started ? AgentStatus::started : AgentStatus::unknown;
  agent_tells = kTells;
  access = std::move(now);
  guest = {};
  return {};
}

Result<std::shared_ptr<AgentClient>> Machine::Impl::running_agent() const {
  std::lock_guard lock(mutex);
  if (status == Status::stopped) return fail(Code::invalid, "The instance is not running");
  if (!agent || agent_status != AgentStatus::started || status != Status::running) return fail(Code::unavailable, "VM agent isn't currently running");
  return agent;
}

void Machine::Impl::watch_agent(Duration delay) {
  std::weak_ptr<Impl> weak = weak_from_this();
  std::lock_guard lock(mutex);
  if (process.pid == 0) return;
  agent_timer = runtime.after(delay, [weak] {
    if (auto self = weak.lock()) self->poll_agent();
  });
}

void Machine::Impl::listen_to_guest() {
  VsockPlace place;
  {
    std::lock_guard lock(mutex);
    place = access.agent.vsock;
  }
  auto attached = uplink->attach(place);
  if (!attached) log_warn("A virtual machine has no guest API", {{"instance", paths.id}, {"error", attached.error().message()}});
}

void Machine::Impl::poll_agent() {
  Context ctx = Context::detached(kPollTime);
  auto qmp = monitor(ctx);
  auto ring = qmp ? read_ring(ctx, **qmp, "qemu_serial-chardev", kAgentRingSize) : Failure(qmp.error());
  if (!qmp || (!ring && (ring.error().code() == Code::timeout || ring.error().code() == Code::unavailable))) return monitor_is_silent(ring.error());
  monitor_answers(**qmp);
  if (ring && !ring->empty()) {
    AgentReport report = parse_agent_ring(*ring);
    if (report.status != AgentStatus::unknown) agent_is(report.status);
    if (report.state) {
      std::lock_guard lock(mutex);
      guest.state = std::move(*report.state);
      guest.taken = Clock::now();
    }
  }
  watch_agent(kPollPeriod);
}

void Machine::Impl::monitor_is_silent(const Error& why) {
  int looks;
  {
    std::lock_guard lock(mutex);
    if (status == Status::stopped) return;
    looks = ++silent_looks;
  }
  bool lost = looks == kSilentLooks;
  if (lost) log_warn("A virtual machine does not answer", {{"instance", paths.id}, {"error", why.message()}});
  if (lost) set_status(Status::error);
  watch_agent(looks < kSilentLooks ? Duration(kSecondLook) : Duration(kPollPeriod));
}

void Machine::Impl::monitor_answers(qmp::Client& qmp) {
  {
    std::lock_guard lock(mutex);
    silent_looks = 0;
    if (status != Status::error) return;
  }
  learn_status(Context::detached(kPollTime), qmp);
}

void Machine::Impl::learn_status(const Context& ctx, qmp::Client& qmp) {
  auto state = run_state(ctx, qmp);
  if (!state) return;  // the next look tells
  if (*state == "prelaunch") return destroy();  // the last daemon had not got far with its start
  set_status(status_of(*state));
  learn_threads(ctx, qmp);
}

void Machine::Impl::agent_is(AgentStatus now) {
  std::shared_ptr<AgentClient> client_now;
  AgentConnection connection;
  bool changed;
  {
    std::lock_guard lock(mutex);
    bool was = agent_status == AgentStatus::started, is = now == AgentStatus::started;
    changed = was != is;
    agent_status = now;
    guest.not_before = {};
    guest.silent = false;
    if (changed) agent_tells = kTells;
    // A daemon that found the machine running has not told its agent yet: its certificate or port may be others than the last one's.
    if (!changed && (!is || agent_tells == 0)) return;
    agent_tells--;
    client_now = agent;
    connection = access.agent.connection;
  }
  if (now == AgentStatus::started && client_now) {
    auto told = client_now->advertise(Context::detached(kAdvertiseTime), connection);
    // A device that was just plugged in is not heard on yet: that is no try.
    bool early = !told && told.error().code() == Code::unavailable;
    if (told || early) {
      std::lock_guard lock(mutex);
      agent_tells = told ? 0 : kTells;
    }
    if (!told && !early) log_warn("Failed to tell the agent of a virtual machine where the daemon is", {{"instance", paths.id}, {"error", told.error().message()}});
  }
  if (changed) events.agent(now == AgentStatus::started);
}

Result<> Machine::offer_guest_api(const Context& ctx, bool offer) {
  AgentConnection connection;
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->access.agent.connection.guest_api == offer) return {};
    impl_->access.agent.connection.guest_api = offer;
    connection = impl_->access.agent.connection;
  }
  auto agent = impl_->running_agent();
  return agent ? (*agent)->advertise(ctx.with_timeout(kAdvertiseTime), connection) : Result<>();
}

void Machine::tell_guest(std::vector<GuestMessage> messages) {
  auto agent = impl_->running_agent();
  if (!agent) return;
  impl_->runtime.offload([agent = *agent, messages = std::move(messages), id = impl_->paths.id] {
    for (const GuestMessage& message : messages) {
      auto sent = agent->send_event(Context::detached(kAdvertiseTime), message.type, message.metadata);
      if (!sent) return log_debug("Failed telling a virtual machine of a change", {{"instance", id}, {"error", sent.error().message()}});
    }
  });
}

Result<std::unique_ptr<ExecProcess>> Machine::exec(const Context& ctx, const ExecRequest& request) { return TRY(impl_->running_agent())->exec(ctx, request); }

Result<Terminal> Machine::open_terminal(int64_t, int64_t) const {
  auto [outer, inner] = TRY(sys::socket_pair());
  return Terminal{std::move(outer), std::move(inner)};
}

Result<UniqueFd> Machine::sftp(const Context& ctx) { return TRY(impl_->running_agent())->sftp(ctx); }

Result<UniqueFd> Machine::connect_tcp(const Context& ctx, const std::string& address, int64_t port) {
  return TRY(impl_->running_agent())->connect_tcp(ctx, address, port);
}

}  // namespace instance::qemu
