// forkbuild ROOT: runs the script on standard input with ROOT as the root folder, as pid 2 of a pid namespace and in a mount namespace of its own.
// When it ends, however it ends, the kernel kills what it left running and drops what was mounted.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "applets/applet.h"
#include "base/strings.h"
#include "sys/beneath.h"
#include "sys/in_root.h"
#include "sys/mounts.h"

namespace {

constexpr const char* kScript = "/tmp/.incus-image-script";

struct Own {
  const char *target, *type, *options;
};
constexpr Own kMounts[] = {{"proc", "proc", "nosuid,nodev,noexec"}, {"sys", "sysfs", "ro,nosuid,nodev,noexec"}, {"dev", "tmpfs", "nosuid,mode=755,size=1M"},
                           {"run", "tmpfs", "nosuid,nodev,mode=755"}, {"tmp", "tmpfs", "nosuid,nodev,mode=1777"}};
struct Node {
  const char* name;
  unsigned major, minor;
};
constexpr Node kNodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

/// A new file system at a folder of the root, wherever the root's own links lead: they can't lead out of it.
Result<> mount_own(int root, const Own& own) {
  UniqueFd target = TRY(sys::make_folders_in_root(root, own.target, 0755));
  return sys::mount_path(own.type, std::format("/proc/self/fd/{}", target.get()), own.type, split_list(own.options));
}

Result<> fill_dev(int root) {
  UniqueFd dev = TRY(sys::open_in_root(root, "dev", O_RDONLY | O_DIRECTORY));
  mode_t mask = umask(0);
  for (const Node& node : kNodes) {
    if (mknodat(dev.get(), node.name, S_IFCHR | 0666, makedev(node.major, node.minor)) != 0) return fail_errno(std::string("mknod ") + node.name);
  }
  umask(mask);
  for (const auto& [name, target] : {std::pair{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}}) {
    if (symlinkat(target, dev.get(), name) != 0) return fail_errno(std::string("symlink ") + name);
  }
  for (const char* folder : {"pts", "shm"}) mkdirat(dev.get(), folder, 0755);
  return mount_own(root, {"dev/pts", "devpts", "nosuid,noexec,newinstance,ptmxmode=666,mode=620"});
}

/// The host's resolver settings over the root's, where it has a file for them; nothing of the image changes.
void lend_resolver(int root) {
  auto target = sys::open_in_root(root, "etc/resolv.conf", O_PATH);
  if (!target || access("/etc/resolv.conf", R_OK) != 0) return;
  mount("/etc/resolv.conf", std::format("/proc/self/fd/{}", target->get()).c_str(), nullptr, MS_BIND, nullptr);
}

Result<> write_script(int root) {
  UniqueFd file = TRY(sys::open_in_root(root, kScript + 1, O_WRONLY | O_CREAT | O_EXCL, 0700));
  char buffer[65536];
  for (ssize_t got; (got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) {
    if (write(file.get(), buffer, static_cast<size_t>(got)) != got) return fail_errno("write");
  }
  UniqueFd none(open("/dev/null", O_RDONLY));
  dup2(none.get(), STDIN_FILENO);
  return fchmod(file.get(), 0700) == 0 ? Result<>() : fail_errno("chmod");
}

Result<> enter(const std::string& path) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_errno("mount");
  UniqueFd root = TRY(sys::open_directory(path));
  for (const Own& own : kMounts) TRY(mount_own(root.get(), own));
  TRY(fill_dev(root.get()));
  lend_resolver(root.get());
  TRY(write_script(root.get()));
  if (fchdir(root.get()) != 0 || chroot(".") != 0 || chdir("/") != 0) return fail_errno("chroot");
  return {};
}

/// As pid 1: starts the script and reaps until it has ended.
int supervise(const std::string& root) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (auto entered = enter(root); !entered) {
    fprintf(stderr, "Error: cannot prepare %s: %s\n", root.c_str(), entered.error().message().c_str());
    return 125;
  }
  pid_t script = fork();
  if (script == 0) {
    execl(kScript, kScript, nullptr);
    fprintf(stderr, "Error: cannot run the script: %s\n", strerror(errno));
    _exit(126);
  }
  int status = 0;
  for (pid_t ended; (ended = wait(&status)) != script;) {
    if (ended < 0 && errno != EINTR) return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(const Args& args) {
  if (args.size() != 1) return 2;
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) != 0) {
    fprintf(stderr, "Error: cannot make namespaces: %s\n", strerror(errno));
    return 125;
  }
  pid_t first = fork();
  if (first == 0) _exit(supervise(args[0]));
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

extern const Applet forkbuild_applet;
const Applet forkbuild_applet = {.name = "forkbuild", .flags = kHidden | kEarly, .summary = "Run a script in a folder as root", .run = run};
