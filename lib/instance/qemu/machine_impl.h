// The state of a Machine, shared by the files that implement its parts.
#pragma once
#include <condition_variable>
#include <mutex>

#include "async/runtime.h"
#include "instance/qemu/agent_status.h"
#include "instance/qemu/config.h"
#include "instance/qemu/machine.h"
#include "instance/qemu/probe.h"
#include "instance/qemu/qmp/client.h"

namespace instance::qemu {

/// QEMU's process, as kept in <run>/<id>/state across daemon restarts.
struct Process {
  pid_t pid = 0;
  uint64_t start = 0;  ///< sys::process_start_time
  Timestamp started_at;
};

/// What was last learned of the guest, by a worker that nobody has to wait for.
struct GuestPicture {
  api::InstanceState state;
  Clock::time_point taken{};      ///< the epoch: never
  Clock::time_point not_before{}; ///< who did not answer is left alone for a while
  bool refreshing = false, silent = false;
};

struct Machine::Impl : std::enable_shared_from_this<Impl> {
  Impl(async::Runtime& async_runtime, MachinePaths machine_paths, MachineEvents machine_events, std::shared_ptr<GuestUplink> guest_uplink)
      : runtime(async_runtime), paths(std::move(machine_paths)), events(std::move(machine_events)), uplink(std::move(guest_uplink)) {}

  async::Runtime& runtime;
  const MachinePaths paths;
  const MachineEvents events;
  const std::shared_ptr<GuestUplink> uplink;

  mutable std::mutex mutex;  ///< guards what follows
  MachineStart next;
  MachineAccess access;
  std::shared_ptr<AgentClient> agent;
  AgentStatus agent_status = AgentStatus::unknown;
  int agent_tells = 0;  ///< how often this daemon may still try to tell this agent where it is
  Status status = Status::stopped;
  Process process;
  UniqueFd pidfd;
  qmp::ClientPtr client;
  std::vector<pid_t> cpu_threads;
  StopReason reason = StopReason::halt;
  int silent_looks = 0;  ///< how often in a row its monitor did not answer
  std::shared_ptr<async::Runtime::Watch> exit_watch, console_watch;
  UniqueFd console_hold;
  std::shared_ptr<async::Runtime::Timer> agent_timer;
  mutable GuestPicture guest;
  mutable std::condition_variable_any refreshed;
  std::mutex exporting;  ///< exports are made and ended one after the other. Before `mutex`.
  int export_users = 0;  ///< connections to them. Under `exporting`.
  std::mutex connecting;  ///< one connection to the monitor is made at a time. Before `mutex`.

  // Life: machine.cpp, machine_start.cpp.
  Result<> launch(const Context& ctx, MachineStart start);
  Result<Rendered> spawn(const Context& ctx, MachineStart& start);
  Result<> assemble(const Context& ctx, const MachineStart& start, Rendered& rendered);
  /// Takes over a running process. Errors: not_found if it ended.
  Result<> adopt(const Process& found);
  void watch_exit();
  void on_exit();
  void on_event(const qmp::Event& event);
  void on_ejected(const std::string& id);
  void on_clock(const Json& offset);
  void on_stopped();
  void on_reset();
  void set_status(Status now);
  /// A duplicate of the pidfd. Errors: invalid if it doesn't run.
  Result<UniqueFd> running() const;
  /// Ends QEMU and waits for that; the exit handler does the rest.
  void destroy();
  /// Ends a QEMU whose start failed.
  void abandon();

  /// The connection to QEMU, made again if it was lost. Errors: invalid (not running), timeout, unavailable.
  Result<qmp::ClientPtr> monitor(const Context& ctx);
  /// Can it be plugged? Errors: unsupported (a board without plugging).
  Result<> takes(const device::RunConfig& run) const;
  /// Takes the vsock device out, whose state can't be saved.
  Result<> free_of_vsock(const Context& ctx, qmp::Client& qmp);
  /// Puts it in again if it was taken out.
  void replug_vsock(const Context& ctx, qmp::Client& qmp);
  void learn_threads(const Context& ctx, qmp::Client& qmp);

  // The agent: machine_agent.cpp.
  /// Errors: invalid (not running), unavailable (`VM agent isn't currently running`).
  Result<std::shared_ptr<AgentClient>> running_agent() const;
  Result<> use_access(MachineAccess now);
  /// Reads what the agent wrote and looks thereby whether QEMU's monitor answers at all; and again and again. Blocks for some seconds at most.
  void poll_agent();
  void monitor_is_silent(const Error& why);
  void monitor_answers(qmp::Client& qmp);
  /// What the machine does, by its monitor.
  void learn_status(const Context& ctx, qmp::Client& qmp);
  void agent_is(AgentStatus now);
  void watch_agent(Duration delay);
  /// Calls from inside to the guest API are taken from now on.
  void listen_to_guest();
  void refresh_guest();

  /// Reads what the console wrote since it was last read, into console.log.
  Result<> drain_console(const Context& ctx);
  void leave_console();

  // Disks over NBD: machine_exports.cpp.
  Result<> begin_exports(const Context& ctx, const DiskExport& wanted);
  /// A connection ended; with the last one everything goes. Blocks.
  void leave_exports();
};

}  // namespace instance::qemu
