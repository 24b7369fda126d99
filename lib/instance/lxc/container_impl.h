// The state of a Container, shared by the files that implement its parts.
#pragma once
#include <mutex>

#include "async/runtime.h"
#include "instance/lxc/container.h"
#include "sys/cgroup.h"

namespace instance::lxc {

/// The processes of a running container, as kept in <run>/<id>/state across daemon restarts.
struct Processes {
  pid_t init = 0;
  uint64_t init_start = 0;  ///< sys::process_start_time
  pid_t monitor = 0;
  uint64_t monitor_start = 0;
  Timestamp started_at;
};

/// A running `forkfile` helper; killed and reaped with the last reference.
struct FileServer {
  sys::Child child;
  std::shared_ptr<async::Runtime::Watch> watch;
};

struct Container::Impl : std::enable_shared_from_this<Impl> {
  Impl(async::Runtime& async_runtime, ContainerPaths container_paths, StopHandler on_stop)
      : runtime(async_runtime), paths(std::move(container_paths)), stop_handler(std::move(on_stop)) {}

  async::Runtime& runtime;
  const ContainerPaths paths;
  const StopHandler stop_handler;
  mutable std::mutex mutex;  ///< guards all below
  RunSpec spec;
  Status status = Status::stopped;
  Processes processes;
  UniqueFd init_fd;
  UniqueFd monitor_fd;
  std::shared_ptr<async::Runtime::Watch> watch;
  sys::Cgroup cgroup;
  std::vector<std::shared_ptr<FileServer>> file_servers;

  std::string state_file() const { return paths.run + "/state"; }
  std::string stop_file() const { return paths.run + "/stop-target"; }
  std::string config_file() const { return paths.run + "/lxc.conf"; }

  /// Folders, log rotation, the configuration file. `copy` is the spec to start.
  Result<> prepare(const RunSpec& copy) const;
  Result<> launch(const Context&, const RunSpec& copy);
  /// The container started and ended before it could be adopted: waits for its monitor, then tells as for any other end.
  Result<> ended_at_once(const Context& ctx);
  /// Takes over running processes: pidfds, control group, the watch on the monitor. Errors: not_found if they ended.
  Result<> adopt(const Processes& found);
  /// Runs on a worker once the monitor's pidfd is readable.
  void on_monitor_exit();
  /// Watches a file server until it ends.
  Result<> keep_server(sys::Child child);
  /// A duplicate of init's pidfd. Errors: invalid if it doesn't run.
  Result<UniqueFd> running_init(pid_t* pid = nullptr) const;
  Result<sys::Cgroup> running_cgroup() const;
  /// Sends init the signal that raw.lxc's `raw_key` names, or else `systemd` if init waits for it, or else `others`. Errors: invalid if it doesn't run.
  Result<> ask_init(const char* raw_key, int systemd, int others);
};

/// The reason that liblxc's post-stop hook wrote; halt if it wrote none.
StopReason read_stop_reason(const std::string& file);
/// The ERROR lines of liblxc's log, for a user to read.
std::string log_errors(const std::string& log_file);

/// How many of the host's CPUs a control group may use; 0: not known.
size_t effective_cpus(const sys::Cgroup& group);

}  // namespace instance::lxc
