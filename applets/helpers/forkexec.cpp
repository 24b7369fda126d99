// Enters a running container and starts a command there: namespaces, capabilities, limits, LSM label, seccomp filter and ids as the container's
// init has them. The command becomes a child of the daemon (CLONE_PARENT), so that this helper need not stay. namespaces(7), capabilities(7).
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "applets/applet.h"
#include "instance/lxc/exec_request.h"
#include "sys/fd_passing.h"

// Of liblxc, which offers no public call for it: gives the monitor of container `name` one more seccomp listener. Negative errno if that fails.
extern "C" int lxc_cmd_seccomp_notify_add_listener(const char* name, const char* lxc_path, int fd, unsigned command, unsigned flags);

namespace {

using namespace instance::lxc;

constexpr int kNotExecutable = 126, kNotFound = 127;
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

[[noreturn]] void die(const char* what) {
  dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
  _exit(1);
}

std::string read_order() {
  struct stat info;
  if (fstat(kExecOrder, &info) < 0) die("Failed reading the exec request");
  std::string text(static_cast<size_t>(info.st_size), '\0');
  if (read(kExecOrder, text.data(), text.size()) != info.st_size) die("Failed reading the exec request");
  return text;
}

std::vector<sock_filter> read_filter() {
  struct stat info;
  if (fstat(kExecSeccomp, &info) < 0) return {};
  std::vector<sock_filter> filter(static_cast<size_t>(info.st_size) / sizeof(sock_filter));
  if (read(kExecSeccomp, filter.data(), filter.size() * sizeof(sock_filter)) < 0) die("Failed reading the seccomp filter");
  return filter;
}

void set_limits(const ExecOrder& order) {
  for (const ResourceLimit& limit : order.limits) {
    rlimit value{limit.soft, limit.hard};
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) < 0) die("Failed setting a kernel limit");
  }
}

void enter(const ExecOrder& order) {
  int namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
  if (order.enter_user_namespace) namespaces |= CLONE_NEWUSER;
  if (setns(kExecInit, namespaces) < 0) die("Failed entering the container");
}

void drop_capabilities(uint64_t keep) {
  for (int capability = 0; capability <= 63; ++capability) {
    if (keep >> capability & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL) die("Failed dropping capabilities");
  }
}

void change_label(const std::string& label) {
  if (label.empty()) return;
  int fd = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);
  if (fd < 0) fd = open("/proc/self/attr/exec", O_WRONLY | O_CLOEXEC);
  std::string text = "exec " + label;
  if (fd < 0 || write(fd, text.data(), text.size()) < 0) die("Failed changing the AppArmor profile");
  close(fd);
}

bool forwards_calls(const std::vector<sock_filter>& filter) {
  for (const sock_filter& line : filter)
    if (line.code == (BPF_RET | BPF_K) && line.k == SECCOMP_RET_USER_NOTIF) return true;
  return false;
}

/// `courier`: takes the listener of a filter that forwards calls; -1 if it has none.
void filter_calls(std::vector<sock_filter>& filter, int courier) {
  if (filter.empty()) return;
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, courier >= 0 ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &program);
  if (listener < 0) die("Failed installing the seccomp filter");
  if (courier < 0) return;
  if (!sys::send_fds(courier, "l", {static_cast<int>(listener)})) die("Failed handing over the seccomp listener");
  close(static_cast<int>(listener));
}

/// A child that stays outside, where liblxc's monitor can be reached, and hands the listener to it: the monitor forwards the command's calls as it does
/// those of init. Returns our end.
UniqueFd start_courier(const Args& args, pid_t& pid) {
  auto pair = sys::socket_pair();
  if (!pair) die("Failed making a socket");
  pid = fork();
  if (pid < 0) die("Failed forking");
  if (pid > 0) return std::move(pair->first);
  pair->first.reset();
  auto received = sys::receive_fds(pair->second.get());
  if (!received || received->fds.size() != 1) _exit(1);
  _exit(lxc_cmd_seccomp_notify_add_listener(args[0].c_str(), args[1].c_str(), received->fds[0].get(), 0, 0) < 0 ? 1 : 0);
}

void change_user(const ExecOrder& order) {
  uid_t uid = static_cast<uid_t>(order.uid);
  gid_t gid = static_cast<gid_t>(order.gid);
  // The terminal must belong to whom it is given.
  if (order.terminal && uid != 0) (void)!fchown(kExecStdin, uid, static_cast<gid_t>(-1));
  if (setgroups(0, nullptr) < 0 && errno != EPERM) die("Failed dropping groups");
  if (setresgid(gid, gid, gid) < 0) die("Failed changing the group");
  if (setresuid(uid, uid, uid) < 0) die("Failed changing the user");
}

std::string value_of(const ExecOrder& order, std::string_view key) {
  for (const std::string& entry : order.environment) {
    if (entry.starts_with(key) && entry.size() > key.size() && entry[key.size()] == '=') return entry.substr(key.size() + 1);
  }
  return "";
}

void change_folder(const ExecOrder& order) {
  std::string folder = order.cwd.empty() ? value_of(order, "HOME") : order.cwd;
  if (folder.empty() || chdir(folder.c_str()) < 0) (void)!chdir("/");
}

void arrange_descriptors(const ExecOrder& order) {
  if (dup2(kExecStdin, 0) < 0 || dup2(kExecStdout, 1) < 0 || dup2(kExecStderr, 2) < 0) die("Failed arranging file descriptors");
  close_range(3, ~0u, 0);
  if (order.terminal) ioctl(0, TIOCSCTTY, 0);
}

[[noreturn]] void run_command(const ExecOrder& order) {
  std::vector<char*> arguments, environment;
  for (const std::string& word : order.command) arguments.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& entry : order.environment) environment.push_back(const_cast<char*>(entry.c_str()));
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  std::string path = value_of(order, "PATH");
  setenv("PATH", path.empty() ? kDefaultPath : path.c_str(), 1);  // execvpe(3) searches our own
  execvpe(arguments[0], arguments.data(), environment.data());
  _exit(errno == ENOENT || errno == ENOTDIR ? kNotFound : kNotExecutable);
}

[[noreturn]] void become_command(const ExecOrder& order, std::vector<sock_filter>& filter, int courier) {
  setsid();
  drop_capabilities(order.capabilities);
  change_label(order.lsm_label);
  if (order.no_new_privileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  filter_calls(filter, courier);
  change_user(order);
  change_folder(order);
  arrange_descriptors(order);
  run_command(order);
}

/// Control groups of version 1: a new process can't be born in them.
void join_groups(const Args& args) {
  for (size_t i = 2; i < args.size(); ++i) {
    int fd = open((args[i] + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) die("Failed joining a control group");
    close(fd);
  }
}

/// `forkexec NAME LXC_PATH [GROUP]...`: the container as liblxc knows it, and the folders of control groups to join.
int run_forkexec(const Args& args) {
  auto order = ExecOrder::decode(read_order());
  if (!order) {
    dprintf(STDERR_FILENO, "%s\n", order.error().message().c_str());
    return 1;
  }
  std::vector<sock_filter> filter = read_filter();
  for (int fd : {kExecStatus, kExecOrder, kExecInit, kExecSeccomp}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  pid_t courier_pid = 0;
  UniqueFd courier;
  if (args.size() >= 2 && forwards_calls(filter)) courier = start_courier(args, courier_pid);
  join_groups(args);
  set_limits(*order);
  enter(*order);
  // SAFETY: raw clone without a stack of its own is fork(2) that can name another parent; nothing in this single-threaded process caches a pid.
  clone_args arguments{};
  arguments.flags = CLONE_PARENT;
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) die("Failed forking");
  if (pid == 0) become_command(*order, filter, courier.get());
  // Without its monitor the calls in question fail with ENOSYS; the command runs all the same.
  courier.reset();
  if (courier_pid > 0) waitpid(courier_pid, nullptr, 0);
  dprintf(kExecStatus, "%ld\n", pid);
  return 0;
}

}  // namespace

extern const Applet forkexec_applet;
const Applet forkexec_applet = {.name = "forkexec", .flags = kHidden | kEarly, .summary = "Run a command in a container", .run = run_forkexec};
