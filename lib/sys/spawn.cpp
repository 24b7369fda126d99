#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "sys/run_io.h"

extern char** environ;

namespace sys {
namespace {

/// Children's descriptors are first moved up here, so that putting one in place never overwrites another's source.
constexpr int kParkingFd = 200;

std::string search_program(const std::string& name) {
  const char* path = getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const std::string& folder : split_list(folders, ':')) {
    std::string candidate = folder + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

/// posix_spawn's two opaque objects with their destructors.
class Actions {
 public:
  Actions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::vector<PassedFd> wanted_fds(const SpawnSpec& spec) {
  std::vector<PassedFd> wanted;
  const int standard[] = {spec.stdin_fd, spec.stdout_fd, spec.stderr_fd};
  for (int number = 0; number < 3; ++number) {
    int parent = standard[number] < 0 && spec.inherit_stdio ? number : standard[number];
    wanted.push_back({parent, number});
  }
  wanted.insert(wanted.end(), spec.fds.begin(), spec.fds.end());
  return wanted;
}

/// Copies of all descriptors above kParkingFd, and the actions that put them in place.
Result<std::vector<UniqueFd>> place_fds(const SpawnSpec& spec, Actions& set) {
  std::vector<UniqueFd> parked;
  int highest = 2;
  for (const PassedFd& fd : wanted_fds(spec)) {
    if (fd.parent < 0) {
      posix_spawn_file_actions_addopen(&set.actions, fd.child, "/dev/null", O_RDWR, 0);
      continue;
    }
    UniqueFd copy(fcntl(fd.parent, F_DUPFD_CLOEXEC, kParkingFd));
    if (!copy) return fail_errno("Failed duplicating a file descriptor");
    posix_spawn_file_actions_adddup2(&set.actions, copy.get(), fd.child);
    highest = std::max(highest, fd.child);
    parked.push_back(std::move(copy));
  }
  if (spec.fds.empty()) posix_spawn_file_actions_addclosefrom_np(&set.actions, highest + 1);
  return parked;
}

void set_attributes(const SpawnSpec& spec, Actions& set) {
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&set.attributes, &all);
  posix_spawnattr_setsigmask(&set.attributes, &none);
  if (spec.new_session) flags |= POSIX_SPAWN_SETSID;
  if (spec.cgroup_fd >= 0) {
    flags |= POSIX_SPAWN_SETCGROUP;
    posix_spawnattr_setcgroup_np(&set.attributes, spec.cgroup_fd);
  }
  posix_spawnattr_setflags(&set.attributes, flags);
  if (!spec.cwd.empty()) posix_spawn_file_actions_addchdir_np(&set.actions, spec.cwd.c_str());
}

StringList child_environment(const SpawnSpec& spec) {
  StringList list;
  if (spec.environment) {
    list = *spec.environment;
  } else {
    for (char** entry = environ; entry && *entry; ++entry) list.emplace_back(*entry);
  }
  for (const auto& [key, value] : spec.extra_environment) {
    std::erase_if(list, [&](const std::string& entry) { return entry.starts_with(key + "="); });
    list.push_back(key + "=" + value);
  }
  return list;
}

std::vector<char*> c_array(const StringList& list) {
  std::vector<char*> array;
  for (const std::string& item : list) array.push_back(const_cast<char*>(item.c_str()));
  array.push_back(nullptr);
  return array;
}

ExitStatus to_status(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  if (name.contains('/')) return name;
  static std::mutex mutex;
  static StringMap found;
  std::lock_guard lock(mutex);
  auto known = found.find(name);
  if (known != found.end()) return known->second;
  std::string path = search_program(name);
  if (path.empty()) return fail(Code::unsupported, "Required program {} isn't installed", quote(name));
  return found[name] = path;
}

SpawnSpec self_spec(const std::string& helper, StringList args) {
  SpawnSpec spec;
  spec.argv = {"incusbox", helper};
  spec.argv.insert(spec.argv.end(), args.begin(), args.end());
  spec.program = "/proc/self/exe";
  return spec;
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    Child old(std::move(*this));
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Child::~Child() {
  if (pid_ <= 0) return;
  (void)kill(SIGKILL);
  siginfo_t info{};
  while (waitid(P_PID, pid_, &info, WEXITED) < 0 && errno == EINTR) {
  }
}

Result<> Child::kill(int signal) { return pidfd_signal(pidfd_.get(), signal); }

Result<ExitStatus> Child::wait(const Context& ctx) {
  TRY(ctx.wait_fd(pidfd_.get(), POLLIN));
  siginfo_t info{};
  while (waitid(P_PID, pid_, &info, WEXITED) < 0) {
    if (errno != EINTR) return fail_errno("Failed waiting for a child");
  }
  pid_ = 0;
  pidfd_.reset();
  return to_status(info);
}

UniqueFd Child::release() {
  pid_ = 0;
  return std::move(pidfd_);
}

Result<Child> spawn(const SpawnSpec& spec) {
  if (spec.argv.empty()) return fail(Code::internal, "No program to run");
  std::string program = spec.program.empty() ? TRY(find_program(spec.argv[0])) : spec.program;
  Actions set;
  std::vector<UniqueFd> parked = TRY(place_fds(spec, set));
  set_attributes(spec, set);
  StringList environment = child_environment(spec);
  pid_t pid = 0;
  int error = posix_spawn(&pid, program.c_str(), &set.actions, &set.attributes, c_array(spec.argv).data(), c_array(environment).data());
  if (error) return fail_errno(std::format("Failed starting {}", quote(program)), error);
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    int saved = errno;
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return fail_errno("Failed opening a pidfd", saved);
  }
  return Child(pid, std::move(pidfd));
}

struct StartedRun::Parts {
  std::string name;
  RunPipes pipes;
  Child child;
};

StartedRun::StartedRun(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StartedRun::StartedRun(StartedRun&&) noexcept = default;
StartedRun::~StartedRun() = default;

Result<StartedRun> StartedRun::start(SpawnSpec spec, bool with_input) {
  auto parts = std::make_unique<Parts>();
  parts->name = join(spec.argv, " ");
  parts->pipes = TRY(RunPipes::open(spec, with_input));
  parts->child = TRY(spawn(spec));
  parts->pipes.close_child_ends();
  return StartedRun(std::move(parts));
}

Result<> StartedRun::feed(std::string_view text) { return parts_->pipes.feed(text); }

Result<Output> StartedRun::finish(const Context& ctx, const RunOptions& options) {
  auto& [name, pipes, child] = *parts_;
  Output output;
  TRY_CTX(pipes.pump(ctx, options.input, options.max_output, output.out, output.err), "Failed to run: {}", name);
  output.status = TRY_CTX(child.wait(ctx), "Failed to run: {}", name);
  if (options.check && !output.status.ok()) {
    std::string how = output.status.signal ? std::format("signal: {}", strsignal(output.status.signal)) : std::format("exit status {}", output.status.code);
    std::string detail = output.err.empty() ? "" : std::format(" ({})", trim(output.err));
    return fail(Code::internal, "Failed to run: {}: {}{}", name, how, detail);
  }
  return output;
}

Result<Output> run(const Context& ctx, SpawnSpec spec, const RunOptions& options) {
  StartedRun program = TRY(StartedRun::start(std::move(spec), !options.input.empty()));
  return program.finish(ctx, options);
}

Result<Output> run(const Context& ctx, StringList argv, const RunOptions& options) {
  SpawnSpec spec;
  spec.argv = std::move(argv);
  return run(ctx, std::move(spec), options);
}

Result<> pidfd_signal(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return fail(Code::not_found, "The process has ended");
  return fail_errno("Failed sending a signal");
}

Result<UniqueFd> pidfd_open(pid_t pid) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (fd) return fd;
  if (errno == ESRCH || errno == EINVAL) return fail(Code::not_found, "No process {}", pid);
  return fail_errno("Failed opening a pidfd");
}

}  // namespace sys
