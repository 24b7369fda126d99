// Starting programs: argument vectors only, descriptors passed explicitly, a pidfd for each child. posix_spawn(3), pidfd_open(2).
#pragma once
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace sys {

/// Where a program is: PATH, then the system folders. Found ones are remembered. Errors: unsupported, naming the program.
Result<std::string> find_program(const std::string& name);

/// How a child ended.
struct ExitStatus {
  int code = 0;    ///< exit code, if signal is 0
  int signal = 0;  ///< the signal that ended it
  bool ok() const { return code == 0 && signal == 0; }
  /// What a shell would say: code, or 128 + signal.
  int shell_code() const { return signal ? 128 + signal : code; }
};

struct PassedFd {
  int parent;  ///< stays open here
  int child;   ///< its number in the child
};

struct SpawnSpec {
  StringList argv;          ///< argv[0] is looked up with find_program() unless it has a slash
  std::string program;      ///< path to execute instead of argv[0]
  std::optional<StringList> environment;  ///< KEY=value; unset: ours
  StringMap extra_environment;            ///< added to it
  std::string cwd;
  int stdin_fd = -1;   ///< -1: /dev/null
  int stdout_fd = -1;  ///< -1: /dev/null
  int stderr_fd = -1;  ///< -1: /dev/null
  std::vector<PassedFd> fds;
  int cgroup_fd = -1;        ///< a cgroup2 directory to be born in
  bool new_session = false;  ///< setsid(2)
  bool inherit_stdio = false;  ///< keep ours where a descriptor above is -1
};

/// `incusbox HELPER ARGS…` with ourselves as the program.
SpawnSpec self_spec(const std::string& helper, StringList args = {});

/// A running child. Unless waited for or released, the destructor kills and reaps it.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  explicit operator bool() const { return pid_ > 0; }
  Result<> kill(int signal);
  /// Waits for the end and reaps. Errors: cancelled, timeout (it still runs then). Blocks.
  Result<ExitStatus> wait(const Context&);
  /// Gives up ownership: the caller reaps it (waitid P_PIDFD).
  UniqueFd release();

 private:
  pid_t pid_ = 0;
  UniqueFd pidfd_;
};

/// Descriptors not listed are closed in the child. Errors: unsupported (program missing), internal with errno.
Result<Child> spawn(const SpawnSpec& spec);

struct Output {
  ExitStatus status;
  std::string out;
  std::string err;
};

struct RunOptions {
  std::string input;
  size_t max_output = 64 << 20;  ///< of each stream; more is an error (too_large)
  bool check = true;             ///< a failing exit is an error: `Failed to run: NAME ARGS: exit status N (stderr)`
};

/// run() in two steps, for a program that loads while its input is made. Dropped before its end, the program is killed.
class StartedRun {
 public:
  /// Errors: those of spawn().
  static Result<StartedRun> start(SpawnSpec spec, bool with_input);
  StartedRun(StartedRun&&) noexcept;
  ~StartedRun();
  /// A part of its input that is known before the rest: at most PIPE_BUF bytes, before anything else is written. Never blocks.
  Result<> feed(std::string_view text);
  /// The rest of its input, and its end. Errors: those of run(). Blocks.
  Result<Output> finish(const Context&, const RunOptions& options = {});

 private:
  struct Parts;
  explicit StartedRun(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Runs a program to its end and returns what it wrote. On cancel or timeout the child is killed. Blocks.
Result<Output> run(const Context&, SpawnSpec spec, const RunOptions& options = {});
Result<Output> run(const Context&, StringList argv, const RunOptions& options = {});

/// Sends a signal through a pidfd. Errors: not_found if it ended, else internal.
Result<> pidfd_signal(int pidfd, int signal);
/// Errors: not_found if there is no such process.
Result<UniqueFd> pidfd_open(pid_t pid);

}  // namespace sys
