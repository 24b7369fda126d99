// The runtime of one container on liblxc: starts it, watches it, reaches into it. No database, no HTTP.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/types/instance_state.h"
#include "core/paths.h"
#include "instance/instance.h"
#include "instance/lxc/run_spec.h"
#include "sys/spawn.h"

namespace async { class Runtime; }

namespace instance::lxc {

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

class Container : public Runtime {
 public:
  /// `on_stop` is called on a worker once the container has ended and its monitor is gone.
  Container(async::Runtime& runtime, ContainerPaths paths, StopHandler on_stop);
  ~Container() override;

  /// What the next start() runs. Also needed after recover() for exec (environment, limits).
  void set_spec(RunSpec spec);

  Status status() const override;
  pid_t init_pid() const override;
  Timestamp started_at() const override;
  bool recover() override;
  Result<> start(const Context&) override;
  /// SIGPWR or the image's halt signal.
  Result<> shutdown(const Context&) override;
  Result<> kill(const Context&) override;
  Result<> freeze(const Context&) override;
  Result<> unfreeze(const Context&) override;
  Result<> save(const Context&, const std::string& file) override;

  Result<std::unique_ptr<ExecProcess>> exec(const Context&, const ExecRequest&) override;
  /// A new pty in the container's own devpts.
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
  /// limits.* of cpu, memory, processes, disk, hugepages, and kernel limits.
  Result<> apply_limits(const Context&, const StringMap& old_config, const StringMap& config) override;
  Result<> use_cpus(const std::vector<int>& cpus) override;

  /// Mounts or unmounts the guest API at /dev/incus; nothing if it is that way already.
  Result<> offer_guest_api(const Context&, bool offer);

 private:
  // Targets are relative to the container's root.
  Result<> attach_mount(const Context&, const device::MountEntry& mount);
  Result<> detach_mount(const Context&, const std::string& target, bool remove_target);
  /// `items`: what the device has in RunConfig::lxc; of these addresses and gateways count here.
  Result<> attach_nic(const Context&, const device::NicEntry& nic, const StringMap& items);
  /// Moves the interface `name` back to the host as `host_name`; success if it is no longer inside.
  Result<> detach_nic(const Context&, const std::string& name, const std::string& host_name);
  /// Only privileged containers have device rules; for others this does nothing.
  Result<> allow_device(const Context&, const device::CgroupEntry& rule);
  /// Writes one cgroup file ("memory.max" …) of the container.
  Result<> set_cgroup(const std::string& file, const std::string& value);
  /// Interfaces inside with addresses and counters; host_name where the other end is found.
  Result<std::map<std::string, api::InstanceStateNetwork>> network_state() const;

  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace instance::lxc
