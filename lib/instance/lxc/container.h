// The runtime of one container on liblxc: starts it, watches it, reaches into it. No database, no HTTP.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/types/instance_state.h"
#include "base/timestamp.h"
#include "core/paths.h"
#include "instance/instance.h"
#include "instance/lxc/run_spec.h"
#include "sys/spawn.h"

namespace async { class Runtime; }

namespace instance::lxc {

/// Why a container ended, as its init said it.
enum class StopReason { halt, reboot };

/// Where monitors send the system calls that are intercepted.
std::string notify_socket(const core::Paths& paths);

/// Where one container's files are; all folders are made on demand.
struct ContainerPaths {
  std::string id;        ///< liblxc's name: "c1" or "project_c1"
  std::string lxc_path;  ///< <var>/containers
  std::string run;       ///< <run>/<id>: lxc.conf, state, pid files
  std::string log;       ///< <log>/<id>: lxc.log, console.log, forkstart.log
  std::string guest_api;    ///< <var>/guestapi
  std::string notify_socket;  ///< <run>/seccomp.socket: answers intercepted system calls
  std::string credentials;  ///< <var>/containers/<id>/credentials: set by start() from the spec
  static ContainerPaths of(const core::Paths& paths, const std::string& project, const std::string& name);
};

/// Counters for the metrics endpoint that the state endpoint doesn't have.
struct Usage {
  api::InstanceStateCPU cpu;
  api::InstanceStateMemory memory;
  int64_t processes = 0;
  std::vector<std::pair<std::string, int64_t>> cpu_seconds_by_mode;  ///< {"user", microseconds}, {"system", …}
  StringMap memory_stat;                                            ///< memory.stat as the kernel writes it
  StringMap io;                                                     ///< "<device>:<counter>" -> value
  int64_t effective_cpus = 0;
};

class Container : public Runtime {
 public:
  using StopHandler = std::function<void(StopReason)>;

  Container(async::Runtime& runtime, ContainerPaths paths);
  ~Container() override;

  /// Called on a worker once the container has ended and its monitor is gone. Set before start() or recover().
  void on_stop(StopHandler handler);
  /// What the next start() runs. Also needed after recover() for exec (environment, limits).
  void set_spec(RunSpec spec);
  /// After a daemon restart: finds the running container again. False if it doesn't run.
  bool recover();
  /// Errors while starting carry liblxc's error lines.

  Status status() const override;
  pid_t init_pid() const override;
  Result<> start(const Context&) override;
  Result<> shutdown(const Context&) override;
  Result<> kill(const Context&) override;
  Result<> reboot(const Context&) override;
  Result<> freeze(const Context&) override;
  Result<> unfreeze(const Context&) override;
  Result<std::unique_ptr<ExecProcess>> exec(const Context&, const ExecRequest&) override;
  Result<ConsoleFds> console(const Context&) override;
  Result<UniqueFd> sftp(const Context&) override;
  /// A TCP connection made from within the container's network. `address` is an IP address. Errors: invalid (not running), internal (refused …).
  Result<UniqueFd> connect_tcp(const Context&, const std::string& address, int64_t port);

  /// Waits until it has stopped (monitor gone). Errors: timeout, cancelled.
  Result<> wait_stopped(const Context&);
  Timestamp started_at() const;

  /// A new pty in the container's own devpts, owned by ids inside: what an interactive exec gives its command. {outer end, inner end}.
  Result<std::pair<UniqueFd, UniqueFd>> open_pty(int64_t uid, int64_t gid) const;

  // The console's ring buffer. Of a stopped container: what liblxc left in console.log.
  Result<std::string> console_log(const Context&);
  Result<> clear_console_log(const Context&);

  // State.
  Result<Usage> usage() const;
  /// Interfaces inside with addresses and counters; host_name where the other end is found.
  Result<std::map<std::string, api::InstanceStateNetwork>> network_state() const;

  // Hot plug. Targets are relative to the container's root.
  Result<> attach_mount(const Context&, const device::MountEntry& mount);
  Result<> detach_mount(const Context&, const std::string& target, bool remove_target);
  /// `items`: what the device has in RunConfig::lxc; of these addresses and gateways count here.
  Result<> attach_nic(const Context&, const device::NicEntry& nic, const StringMap& items);
  /// Moves the interface `name` back to the host as `host_name`; success if it is no longer inside.
  Result<> detach_nic(const Context&, const std::string& name, const std::string& host_name);
  /// Mounts or unmounts the guest API at /dev/incus; nothing if it is that way already.
  Result<> offer_guest_api(const Context&, bool offer);
  /// Only privileged containers have device rules; for others this does nothing.
  Result<> allow_device(const Context&, const device::CgroupEntry& rule);
  /// Applies the limits.* keys of `config` that may change while it runs (cpu, memory, processes, disk, hugepages, kernel limits).
  Result<> apply_limits(const StringMap& old_config, const StringMap& config);
  /// Writes one cgroup file ("memory.max" …) of the container.
  Result<> set_cgroup(const std::string& file, const std::string& value);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace instance::lxc
