#include "applets/agent/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sys/spawn.h"

namespace agent {
namespace {

/// All that the child needs, made before it exists: it shares our memory and may neither allocate nor take locks.
struct Plan {
  std::vector<std::string> programs;  ///< to be tried in turn
  std::vector<char*> arguments, environment;
  const char* folder = "/";
  uid_t uid = 0;
  gid_t gid = 0;
  bool terminal = false;
  int in = -1, out = -1, err = -1;  ///< all above 2
  volatile int error = 0;           ///< why it could not be started
};

std::vector<char*> c_array(const StringList& list) {
  std::vector<char*> array;
  for (const std::string& item : list) array.push_back(const_cast<char*>(item.c_str()));
  array.push_back(nullptr);
  return array;
}

StringList candidates(const std::string& name, const std::string& path) {
  if (name.contains('/')) return {name};
  StringList list;
  for (const std::string& folder : split_list(path, ':')) list.push_back(folder + "/" + name);
  return list;
}

void reset_signals() {
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// In the child. Raw calls: the library's setuid(2) would change all threads of the parent.
bool prepare(const Plan& plan) {
  setsid();
  umask(022);  // ours is 0: the file server sets every mode as it is told
  if (dup2(plan.in, 0) < 0 || dup2(plan.out, 1) < 0 || dup2(plan.err, 2) < 0) return false;
  if (plan.terminal && ioctl(0, TIOCSCTTY, 0) < 0) return false;
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  if (syscall(SYS_setgroups, 0, nullptr) < 0 && errno != EPERM) return false;
  if (syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) < 0 || syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) < 0) return false;
  return chdir(plan.folder) == 0;
}

[[noreturn]] void become(Plan& plan) {
  reset_signals();
  int error = 0;
  if (!prepare(plan)) {
    plan.error = errno;
    _exit(1);
  }
  for (const std::string& program : plan.programs) {
    execve(program.c_str(), plan.arguments.data(), plan.environment.data());
    // One that is there but may not be run says more than the next folder, which has none.
    if (error == 0 || error == ENOENT) error = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  plan.error = error ? error : ENOENT;
  _exit(1);
}

/// Without a copy of our page tables: the child borrows them until it runs its program.
[[gnu::noinline]] pid_t spawn_borrowing(Plan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
  pid_t pid = vfork();
  if (pid == 0) become(plan);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

class LocalCommand final : public core::Command {
 public:
  explicit LocalCommand(sys::Child child) : child_(std::move(child)), exit_(fcntl(child_.pidfd(), F_DUPFD_CLOEXEC, 0)) {}

  int exit_fd() const override { return exit_.get(); }
  Result<int> wait(const Context& ctx) override { return TRY(child_.wait(ctx)).shell_code(); }
  Result<> signal(int number) override { return sys::pidfd_signal(exit_.get(), number); }
  Result<> resize(int, int) override { return fail(Code::unsupported, "The command has no terminal"); }

 private:
  sys::Child child_;
  UniqueFd exit_;  ///< stays when the child is reaped
};

Failure failed(const std::string& name, int error) {
  Code code = error == ENOENT || error == ENOTDIR ? Code::not_found : error == EACCES ? Code::forbidden : Code::internal;
  return Failure(Error(code, std::format("Failed starting {}: {}", quote(name), strerror(error)), error));
}

}  // namespace

Result<std::unique_ptr<core::Command>> start_command(const CommandSpec& spec) {
  if (spec.command.empty() || spec.command[0].empty()) return fail(Code::invalid, "No command given");
  StringList environment;
  for (const auto& [key, value] : spec.environment) environment.push_back(key + "=" + value);
  UniqueFd copies[3];  // above the numbers that are to be filled
  int streams[] = {spec.streams.in, spec.streams.out, spec.streams.err};
  for (int i = 0; i < 3; i++) {
    copies[i].reset(fcntl(streams[i], F_DUPFD_CLOEXEC, 3));
    if (!copies[i]) return fail_errno("Failed duplicating a file descriptor");
  }
  Plan plan{.programs = candidates(spec.command[0], get_or(spec.environment, "PATH")), .arguments = c_array(spec.command), .environment = c_array(environment),
            .folder = spec.cwd.empty() ? "/" : spec.cwd.c_str(), .uid = spec.uid, .gid = spec.gid, .terminal = spec.terminal,
            .in = copies[0].get(), .out = copies[1].get(), .err = copies[2].get()};
  pid_t pid = spawn_borrowing(plan);
  if (pid < 0) return fail_errno("Failed forking");
  auto pidfd = sys::pidfd_open(pid);
  sys::Child child(pid, pidfd ? std::move(*pidfd) : UniqueFd());
  if (plan.error) return failed(spec.command[0], plan.error);
  TRY(std::move(pidfd));
  return std::make_unique<LocalCommand>(std::move(child));
}

}  // namespace agent
