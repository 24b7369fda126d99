// The runtime of one virtual machine: starts QEMU and watches it, talks to it over QMP and to the guest through its agent. No database, no HTTP.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/json.h"
#include "core/paths.h"
#include "instance/instance.h"
#include "instance/qemu/agent_client.h"
#include "instance/qemu/layout.h"
#include "instance/qemu/spec.h"
#include "instance/qemu/vsock.h"
#include "instance/roles.h"

namespace async { class Runtime; }

namespace instance::qemu {

class GuestUplink;
struct Launch;

/// Where one machine's files are.
struct MachinePaths {
  std::string id;   ///< "v1" or "project_v1"
  std::string run;  ///< <run>/<id>: sockets, qemu.conf, state
  std::string log;  ///< <log>/<id>: qemu.log, console.log
  static MachinePaths of(const core::Paths& paths, const std::string& project, const std::string& name);
  std::string state() const { return run + "/state"; }
  std::string pid_file() const { return run + "/qemu.pid"; }
  std::string monitor() const { return run + "/qemu.monitor"; }
  std::string console() const { return run + "/qemu.console"; }
  std::string spice() const { return run + "/qemu.spice"; }
  std::string nbd() const { return run + "/qemu.nbd"; }
  std::string console_log() const { return log + "/console.log"; }
  /// What QEMU made in the folder, for a new one to make.
  void remove_sockets() const;
};

/// What a machine tells its keeper; all calls come on workers.
struct MachineEvents {
  StopHandler stopped;
  std::function<void()> changed;         ///< the status is another one
  std::function<void()> restarted;       ///< the guest rebooted, and QEMU goes on
  std::function<void(bool started)> agent;
  std::function<void(int64_t seconds)> clock;  ///< the guest set it: so far ahead of the one it was started with
  std::function<void(const std::string& id)> ejected;  ///< the guest opened the tray of the drive that QEMU calls so
  std::function<bool()> needs_new_qemu;  ///< the guest rebooted: is there something that only a new QEMU takes up?
};

/// A network interface as the host has it.
struct NicAccess {
  std::string device, host_name, hwaddr;
};

/// How calls get to the guest's agent.
struct AgentAccess {
  VsockPlace vsock;
  AgentIdentity identity;
  AgentConnection connection;  ///< what the agent is told once it is there
  bool metrics = true;         ///< security.agent.metrics
  bool started = false;        ///< it was, when it was last heard of
};

/// What calls into a running machine need to know.
struct MachineAccess {
  AgentAccess agent;
  std::vector<NicAccess> nics;
  MemorySpec memory;           ///< what it was started with
  Board board = Board::q35;
  bool plugged_vsock = false;  ///< its vsock device can be taken out (see MachineSpec::stateful)
  std::vector<int> pins;       ///< by virtual CPU, the host's that it stays on; empty: not pinned
};

/// All that one start needs.
struct MachineStart {
  MachineSpec spec;
  MachineAccess access;
  std::shared_ptr<Launch> launch;  ///< its QEMU (machine_launch.h)
  std::string state_file;      ///< restore from it; empty: an ordinary start
  Layout layout;               ///< of the saved machine
  StringList free_ports;       ///< known by its config; not of a saved one
  unsigned cpus = 0;           ///< what the limits ask for now, which it comes to once it runs again
  uint64_t memory = 0;         ///< the same in bytes
  int64_t oom_score = 0;       ///< limits.memory.oom_priority
  Json instance;               ///< as raw.qemu.scriptlet sees it; null without one
};

/// Does such a machine have a vsock device that is plugged in after QEMU started, and out before its state is saved?
bool plugs_vsock(const MachineSpec& spec);

/// Ends what a start of the last daemon left that Machine::recover() does not find. Blocks up to 10 s.
void end_leftover(const Context& ctx, const MachinePaths& paths);

class Machine : public Runtime, public Hardware, public Alters, public Exports {
 public:
  Machine(async::Runtime& runtime, MachinePaths paths, MachineEvents events, std::shared_ptr<GuestUplink> uplink);
  ~Machine() override;

  /// What the next start() runs.
  void set_start(MachineStart start);
  /// After recover().
  Result<> set_access(MachineAccess access);
  /// The last of finding it again: listens to its guest and its monitor, which needs the access. Does not wait for them.
  void resume();
  /// The same for what may change while it runs: its NICs;
  void set_nics(std::vector<NicAccess> nics);
  /// and whether the guest has /dev/incus.
  Result<> offer_guest_api(const Context&, bool offer);
  /// Tells the guest of changes, one after the other (see AgentClient::send_event()). Nothing without an agent.
  void tell_guest(std::vector<GuestMessage> messages);

  Status status() const override;
  pid_t init_pid() const override;
  Timestamp started_at() const override;
  bool recover() override;
  Result<> start(const Context&) override;
  /// The power button.
  Result<> shutdown(const Context&) override;
  Result<> kill(const Context&) override;
  Result<> freeze(const Context&) override;
  Result<> unfreeze(const Context&) override;
  Result<> save(const Context&, const std::string& file) override;

  Result<std::unique_ptr<ExecProcess>> exec(const Context&, const ExecRequest&) override;
  /// A pair of sockets: the terminal itself is the guest's.
  Result<Terminal> open_terminal(int64_t uid, int64_t gid) const override;
  Result<ConsoleFds> console(const Context&) override;
  Result<std::string> console_log(const Context&) override;
  Result<> clear_console_log(const Context&) override;
  Result<UniqueFd> sftp(const Context&) override;
  Result<UniqueFd> connect_tcp(const Context&, const std::string& address, int64_t port) override;

  void observe(const Context&, api::InstanceState& out) const override;
  void measure(const Context&, const api::InstanceState& state, core::MetricSet& out) const override;

  Result<> plug(const Context&, const device::RunConfig& run, Reverter& undo) override;
  Result<> unplug(const Context&, const device::RunConfig& run) override;
  Result<> alter(const Context&, const device::RunConfig& run) override;
  Result<> apply_limits(const Context&, const StringMap& old_config, const StringMap& config) override;
  /// Threads of its virtual CPUs are moved there; none: everywhere.
  Result<> use_cpus(const std::vector<int>& cpus) override;

  Hardware* hardware() override { return this; }
  Result<UniqueFd> graphics(const Context&) override;
  Result<> screenshot(const Context&, int fd) override;
  Result<> dump_memory(const Context&, int fd, const std::string& format) override;

  Result<DiskConnection> export_disks(const Context& ctx, const DiskExport& wanted) override;
  Result<std::vector<api::StorageVolumeBitmap>> bitmaps(const Context& ctx, const std::string& device) override;
  Result<> add_bitmap(const Context& ctx, const StringList& devices, const api::StorageVolumeBitmapsPost& bitmap) override;
  Result<> remove_bitmap(const Context& ctx, const std::string& device, const std::string& name) override;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace instance::qemu
