// Instances as routes see them: one interface, drivers beneath (lib/instance/lxc, later lib/instance/qemu).
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/types/instance.h"
#include "api/types/instance_exec.h"
#include "api/types/instance_state.h"
#include "base/context.h"
#include "base/unique_fd.h"

namespace instance {

/// What a driver needs to run one container, all decided by the domain layer: the driver makes no policy.
struct RunSpec;

struct ExecRequest {
  StringList command;
  StringMap environment;
  std::string cwd;
  int64_t uid = 0, gid = 0;
  bool interactive = false;
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;  ///< pty slave three times when interactive
};

/// A command running inside an instance.
class ExecProcess {
 public:
  virtual ~ExecProcess() = default;
  virtual pid_t pid() const = 0;  ///< on the host; 0 if unknown
  virtual int exit_fd() const = 0;  ///< readable once it ended (pidfd)
  virtual Result<int> wait(const Context&) = 0;  ///< exit code, 128+n for a signal
  virtual Result<> signal(int number) = 0;
};

/// An attached console. Closing both detaches.
struct ConsoleFds {
  UniqueFd terminal;  ///< the outer end of a pty: read, write, TIOCSWINSZ
  UniqueFd hold;      ///< keep it open as long as the terminal
};

/// `ready` is a running one that said so itself; runtimes never report it.
enum class Status { stopped, running, frozen, error, ready };
std::string_view status_name(Status status);  ///< "Stopped", …
int status_code(Status status);               ///< 102, …

/// The runtime of one container: starts and watches it, and reaches into it. No database, no HTTP, no API types.
/// Thread-safe per object. Containers survive the daemon; attach() finds them again.
class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Status status() const = 0;  ///< in memory, never blocks
  virtual pid_t init_pid() const = 0;
  virtual Result<> start(const Context&) = 0;
  /// SIGPWR or the image's halt signal; returns once signalled.
  virtual Result<> shutdown(const Context&) = 0;
  virtual Result<> kill(const Context&) = 0;
  virtual Result<> reboot(const Context&) = 0;
  virtual Result<> freeze(const Context&) = 0;
  virtual Result<> unfreeze(const Context&) = 0;
  virtual Result<std::unique_ptr<ExecProcess>> exec(const Context&, const ExecRequest&) = 0;
  /// Attaches to the console; one at a time: a second attach takes it over.
  virtual Result<ConsoleFds> console(const Context&) = 0;
  /// A connected socket on which an SFTP server for the instance's file system speaks (running or not).
  virtual Result<UniqueFd> sftp(const Context&) = 0;
};

}  // namespace instance
