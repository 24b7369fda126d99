// Does the work of one intercepted system call of a container (security.syscalls.intercept.*): device nodes, overlay markers and scheduling here, the
// larger ones in files of their own. The request comes, and the answer goes, through a memory file; ending early means that the kernel goes on.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "applets/applet.h"
#include "applets/helpers/caller.h"
#include "sys/mounts.h"

namespace {

using namespace instance::lxc;
using namespace syscalls;

/// Devices that can do no harm, and overlayfs' whiteout.
bool harmless(mode_t mode, dev_t device) {
  static constexpr std::pair<unsigned, unsigned> kDevices[] = {{0, 0}, {1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}};
  if (!S_ISCHR(mode)) return false;
  for (const auto& [major_number, minor_number] : kDevices)
    if (device == makedev(major_number, minor_number)) return true;
  return false;
}

struct NewNode {
  int folder = AT_FDCWD;
  std::string path;
  mode_t mode = 0;
  dev_t device = 0;
};

/// The folder the node comes into, where the caller may write.
Result<UniqueFd> open_parent(const Caller& caller, const NewNode& node) {
  size_t slash = node.path.find_last_of('/');
  std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : node.path.substr(0, slash);
  return caller.open_as([&] {
    int fd = open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    // AT_EMPTY_PATH: glibc's faccessat(3) would emulate the flags with our real ids.
    return fd >= 0 && syscall(SYS_faccessat2, fd, "", W_OK | X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0 ? fd : -1;
  }, node.folder);
}

NotifyAnswer bind_over(const Caller& caller, const NewNode& node, const std::string& source) {
  const Identity& who = caller.identity();
  if (chown(source.c_str(), who.fsuid, who.fsgid) < 0 || chmod(source.c_str(), node.mode & ~who.umask & 07777) < 0) return failed(EPERM);
  auto mount = sys::clone_tree(source, false);
  if (!mount) return failed(EPERM);
  auto place = caller.open_as([&] { return open(node.path.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600); }, node.folder);
  if (!place) return failed(place.error());
  UniqueFd mounts = caller.open_proc("ns/mnt", O_RDONLY);
  bool attached = mounts && setns(mounts.get(), CLONE_NEWNS) == 0 && sys::attach_mount(mount->get(), place->get(), "");
  return attached ? NotifyAnswer{} : failed(EPERM);
}

/// A node of the host's, put over a new file: where the file system was mounted by the container, nodes on it can't be opened.
NotifyAnswer bind_node(const Caller& caller, const Order& order, const NewNode& node) {
  mkdir(order.devices_path.c_str(), 0711);
  UniqueFd folder(open(order.devices_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string name = std::format("forkmknod.unix.{}.{}", caller.request().pid, getpid());
  if (!folder || mknodat(folder.get(), name.c_str(), node.mode, node.device) < 0) return failed(EPERM);
  NotifyAnswer answer = bind_over(caller, node, order.devices_path + "/" + name);
  unlinkat(folder.get(), name.c_str(), 0);  // by now the path means something else: we are in the container's mounts
  return answer;
}

/// Can nodes on this file system be opened? The one just made tells: a refusal that root gets too comes from the mount.
bool usable(int folder, const std::string& name) {
  UniqueFd fd(openat(folder, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  return fd || errno != EACCES;
}

NotifyAnswer make_node(const Caller& caller, const Order& order, NewNode node) {
  if (!caller.has_capability(CAP_MKNOD) || !harmless(node.mode, node.device)) return kContinue;
  while (node.path.size() > 1 && node.path.ends_with('/')) node.path.pop_back();
  std::string name = node.path.substr(node.path.find_last_of('/') + 1);
  if (name.empty()) return failed(node.path.empty() ? ENOENT : EEXIST);
  auto parent = open_parent(caller, node);
  if (!parent) return failed(parent.error());
  if (!caller.waits()) return kContinue;
  const Identity& who = caller.identity();
  umask(who.umask);
  // The node belongs to the caller; our right to make it stays.
  prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
  setfsgid(who.fsgid);
  setfsuid(who.fsuid);
  int done = mknodat(parent->get(), name.c_str(), node.mode, node.device);
  int error = done < 0 ? errno : 0;
  setfsuid(0);
  setfsgid(0);
  if (error != 0 && error != EPERM && error != EOVERFLOW) return failed(error);
  if (error == 0 && (node.device == 0 || usable(parent->get(), name))) return {};
  if (error == 0) unlinkat(parent->get(), name.c_str(), 0);
  return bind_node(caller, order, node);
}

NotifyAnswer emulate_mknod(const Caller& caller, const Order& order) {
  auto path = caller.read_text(caller.argument(0));
  if (!path) return failed(path.error());
  return make_node(caller, order, {AT_FDCWD, *path, static_cast<mode_t>(caller.argument(1)), static_cast<dev_t>(caller.argument(2))});
}

NotifyAnswer emulate_mknodat(const Caller& caller, const Order& order) {
  auto path = caller.read_text(caller.argument(1));
  if (!path) return failed(path.error());
  return make_node(caller, order, {static_cast<int>(caller.argument(0)), *path, static_cast<mode_t>(caller.argument(2)), static_cast<dev_t>(caller.argument(3))});
}

/// Only overlayfs' mark of an opaque folder, for who could set it on a host.
NotifyAnswer emulate_setxattr(const Caller& caller, const Order& order) {
  auto name = caller.read_text(caller.argument(1), 256);
  char value = 0;
  if (!name || *name != "trusted.overlay.opaque" || caller.argument(3) != 1 || !caller.read_memory(caller.argument(2), &value, 1) || value != 'y') return kContinue;
  if (!caller.has_capability(CAP_SYS_ADMIN) || !caller.in_container(order)) return failed(EPERM);
  auto path = caller.read_text(caller.argument(0));
  if (!path) return failed(path.error());
  auto target = caller.open_as([&] {
    int fd = open(path->c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && syscall(SYS_faccessat2, fd, "", W_OK, AT_EACCESS | AT_EMPTY_PATH) == 0 ? fd : -1;
  }, AT_FDCWD);
  if (!target) return failed(target.error());
  if (fsetxattr(target->get(), name->c_str(), &value, 1, static_cast<int>(caller.argument(4))) < 0) return failed(errno);
  return {};
}

/// For root of the container, within its own processes.
NotifyAnswer emulate_sched_setscheduler(const Caller& caller, const Order& order) {
  int target = static_cast<int>(caller.argument(0)), policy = static_cast<int>(caller.argument(1));
  sched_param parameters{};
  if (!caller.in_container(order) || !caller.is_inner_root() || !caller.has_capability(CAP_SYS_NICE) || target < 0 || policy < 0) return kContinue;
  auto read = caller.read_memory(caller.argument(2), &parameters, sizeof parameters);
  if (!read) return failed(read.error());
  // Its own number in its own namespace: should it die meanwhile, only its neighbours can have it next.
  StringList ids = split_list(replace_all(caller.status("NSpid"), "\t", " "), ' ');
  if (target == 0) target = ids.empty() ? -1 : static_cast<int>(parse_int(ids.back()).value_or(-1));
  UniqueFd processes = caller.open_proc("ns/pid", O_RDONLY);
  if (target <= 0 || !processes || setns(processes.get(), CLONE_NEWPID) < 0) return kContinue;
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  pid_t child = fork();
  if (child == 0) _exit(caller.waits() ? sched_setscheduler(target, policy, &parameters) < 0 ? errno : 0 : ESRCH);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return kContinue;
  return WEXITSTATUS(status) == 0 ? NotifyAnswer{} : failed(WEXITSTATUS(status));
}

struct Emulation {
  std::string_view call;
  NotifyAnswer (*run)(const Caller&, const Order&);
};
constexpr Emulation kEmulations[] = {
    {"bpf", emulate_bpf},     {"mknod", emulate_mknod},     {"mknodat", emulate_mknodat}, {"mount", emulate_mount}, {"sched_setscheduler", emulate_sched_setscheduler},
    {"setxattr", emulate_setxattr}, {"sysinfo", emulate_sysinfo}};

NotifyAnswer emulate(const seccomp_notif& request, const Order& order) {
  auto caller = Caller::open(request);
  if (!caller) return kContinue;
  char* name = seccomp_syscall_resolve_num_arch(request.data.arch, request.data.nr);
  if (!name) return kContinue;
  std::string call = name;
  free(name);
  for (const Emulation& row : kEmulations)
    if (row.call == call) return row.run(*caller, order);
  return kContinue;
}

/// `forksyscall INIT DEVICES MOUNT_ALLOWED MOUNT_FUSE MOUNT_SHIFT BPF_DEVICES`; descriptors: notify_message.h.
int run_forksyscall(const Args& args) {
  NotifyExchange exchange;
  if (args.size() != 6 || pread(kNotifyExchange, &exchange, sizeof exchange, 0) != sizeof exchange) return 1;
  for (int fd : {kNotifyProc, kNotifyMemory, kNotifyListener, kNotifyExchange}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  exchange.answer = emulate(exchange.request, {.init = parse_int(args[0]).value_or(0), .devices_path = args[1], .allowed = args[2], .fuse = args[3],
                                               .shift = is_true(args[4]), .bpf_devices = is_true(args[5])});
  return pwrite(kNotifyExchange, &exchange, sizeof exchange, 0) == sizeof exchange ? 0 : 1;
}

}  // namespace

extern const Applet forksyscall_applet;
const Applet forksyscall_applet = {.name = "forksyscall", .flags = kHidden | kEarly, .summary = "Answer a system call of a container", .run = run_forksyscall};
