// The runtime of an instance as everybody outside its driver sees it, whatever its type is. Drivers: lib/instance/lxc and lib/instance/qemu.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/types/instance.h"
#include "api/types/instance_exec.h"
#include "api/types/instance_state.h"
#include "base/context.h"
#include "base/reverter.h"
#include "base/timestamp.h"
#include "base/unique_fd.h"

namespace core { struct Paths; class MetricSet; }
namespace device { struct RunConfig; }

namespace instance {

struct ExecRequest {
  StringList command;
  StringMap environment;
  std::string cwd;
  int64_t uid = 0, gid = 0;
  bool interactive = false;
  int64_t width = 0, height = 0;  ///< of the terminal, in characters, when interactive; 0: unknown
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;  ///< the inner end of open_terminal() three times when interactive. The callee makes duplicates.
};

/// A command running inside an instance.
class ExecProcess {
 public:
  virtual ~ExecProcess() = default;
  virtual pid_t pid() const = 0;  ///< on the host; 0 if unknown
  virtual int exit_fd() const = 0;  ///< readable once it ended (pidfd, eventfd)
  virtual Result<int> wait(const Context&) = 0;  ///< exit code, 128+n for a signal
  virtual Result<> signal(int number) = 0;
  /// The size of its terminal, where open_terminal()'s outer end is no pty whose size can be set from here. Does not wait for the guest.
  virtual Result<> resize(int width, int height) = 0;
};

/// A terminal for a command: the command gets `inner` as its three streams, who watches it reads and writes `outer`.
struct Terminal {
  UniqueFd outer;  ///< a pty where the kernel that runs the command is ours, else a socket
  UniqueFd inner;
};

/// An attached console. Closing both detaches.
struct ConsoleFds {
  UniqueFd terminal;  ///< read, write; the outer end of a pty where it has a size that can be set (TIOCSWINSZ), else a socket
  UniqueFd hold;      ///< keep it open as long as the terminal; may be none
};

/// `ready` is a running one that said so itself; runtimes never report it.
enum class Status { stopped, running, frozen, error, ready };
std::string_view status_name(Status status);  ///< "Stopped", …
int status_code(Status status);               ///< 102, …

/// Why an instance ended: it just did, the guest wants to be started again (with fresh devices), or it said itself that it is done.
enum class StopReason { halt, reboot, powered_off };
using StopHandler = std::function<void(StopReason)>;

/// How a state change is to happen.
struct PowerOptions {
  seconds timeout{600};   ///< of a graceful stop
  bool force = false;     ///< kill instead
  bool stateful = false;  ///< stop: keep the running state; start: go on from it
};

// The roles of a runtime. Instances survive the daemon; recover() finds them again.

/// Whether and since when it runs, and changing that.
class Life {
 public:
  virtual Status status() const = 0;  ///< in memory, never blocks
  virtual pid_t init_pid() const = 0;  ///< the process on the host that the instance lives and dies with; 0 when stopped
  virtual Timestamp started_at() const = 0;
  /// After a daemon restart: finds the running instance again. False if it doesn't run.
  virtual bool recover() = 0;
  /// Runs what its driver was told last (Driver::prepare()). Errors carry what the runtime underneath said.
  virtual Result<> start(const Context&) = 0;
  /// Asks the guest to end; returns once it was asked. The stop handler tells of the end.
  virtual Result<> shutdown(const Context&) = 0;
  virtual Result<> kill(const Context&) = 0;
  virtual Result<> freeze(const Context&) = 0;
  virtual Result<> unfreeze(const Context&) = 0;
  /// Writes the running state (memory, devices) to `file`; it stays paused afterwards. Errors: unsupported; timeout.
  virtual Result<> save(const Context&, const std::string& file) = 0;

 protected:
  ~Life() = default;
};

/// Ways into a running instance.
class Reach {
 public:
  virtual Result<std::unique_ptr<ExecProcess>> exec(const Context&, const ExecRequest&) = 0;
  /// What an interactive exec gives its command; owned by these ids inside.
  virtual Result<Terminal> open_terminal(int64_t uid, int64_t gid) const = 0;
  /// Attaches to the text console; one at a time: a second attach takes it over.
  virtual Result<ConsoleFds> console(const Context&) = 0;
  /// The console's ring buffer; of a stopped instance, what is left of it.
  virtual Result<std::string> console_log(const Context&) = 0;
  virtual Result<> clear_console_log(const Context&) = 0;
  /// A connected socket on which an SFTP server for the instance's file system speaks (see Driver::serve_files() for stopped ones).
  virtual Result<UniqueFd> sftp(const Context&) = 0;
  /// A TCP connection made from within the instance's network. `address` is an IP address. Errors: invalid (not running), internal (refused …).
  virtual Result<UniqueFd> connect_tcp(const Context&, const std::string& address, int64_t port) = 0;

 protected:
  ~Reach() = default;
};

/// What a running instance uses. Neither waits for a guest for longer than a short bound, and what can't be had is left out.
class Gauge {
 public:
  /// Fills in cpu, memory, processes, network, and what the guest says about itself.
  virtual void observe(const Context&, api::InstanceState& out) const = 0;
  /// `state`: what observe() just said.
  virtual void measure(const Context&, const api::InstanceState& state, core::MetricSet& out) const = 0;

 protected:
  ~Gauge() = default;
};

/// Changing a running instance.
class Plug {
 public:
  /// Puts in what a device needs; what `undo` holds takes it out again.
  virtual Result<> plug(const Context&, const device::RunConfig& run, Reverter& undo) = 0;
  virtual Result<> unplug(const Context&, const device::RunConfig& run) = 0;
  /// Applies the keys of `config` that may change while it runs.
  virtual Result<> apply_limits(const Context&, const StringMap& old_config, const StringMap& config) = 0;
  /// The CPUs of the host it may use; none: all. Nothing if they can't be set.
  virtual Result<> use_cpus(const std::vector<int>& cpus) = 0;

 protected:
  ~Plug() = default;
};

/// What only a machine of its own has.
class Hardware {
 public:
  /// A connection to the graphical console (SPICE). Errors: invalid (not running), unsupported.
  virtual Result<UniqueFd> graphics(const Context&) = 0;
  /// The screen, as PNG to `fd`. Errors: invalid (not running), unsupported (no screen).
  virtual Result<> screenshot(const Context&, int fd) = 0;
  /// Guest memory to `fd`: format "elf", "kdump-zlib", …. Errors: invalid, unsupported. Blocks as long as it takes.
  virtual Result<> dump_memory(const Context&, int fd, const std::string& format) = 0;

 protected:
  ~Hardware() = default;
};

/// The runtime of one instance: starts and watches it, and reaches into it. No database, no HTTP. Thread-safe per object.
class Runtime : public Life, public Reach, public Gauge, public Plug {
 public:
  virtual ~Runtime() = default;
  virtual Hardware* hardware() { return nullptr; }  ///< null for types that share the host's kernel
};

/// Does a process that <run>/state tells of live? The first two fields of that file are, for every type, a pid and its start time
/// (sys::process_start_time). For who has no registry: the daemon knows by Runtime::status().
bool runs_unwatched(const core::Paths& paths, const std::string& project, const std::string& name);

}  // namespace instance
