#include "applets/rescue/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>

#include "base/strings.h"
#include "sys/beneath.h"
#include "sys/mounts.h"

namespace rescue {

namespace {

/// What is made anew, or only where the machine has none.
constexpr const char* kOwn[] = {"proc", "sys", "dev", "run", "tmp"};

struct Node {
  const char* name;
  unsigned major, minor;
};
constexpr Node kNodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}, {"fuse", 10, 229}, {"kmsg", 1, 11}};
struct Link {
  const char *name, *target;
};
constexpr Link kLinks[] = {{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"}};

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<> make_folder(const std::string& path, mode_t mode = 0755) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("mkdir " + path);
  return {};
}

/// One entry of a folder, as it is: a link, or what is mounted there and below.
Result<> show(const std::string& from, const std::string& to) {
  struct stat info;
  if (lstat(from.c_str(), &info) != 0) return {};  // it went meanwhile
  if (S_ISLNK(info.st_mode)) {
    char target[4096];
    ssize_t length = readlink(from.c_str(), target, sizeof target - 1);
    if (length < 0) return {};
    target[length] = '\0';
    return symlink(target, to.c_str()) == 0 ? Result<>() : fail_errno("symlink " + to);
  }
  if (S_ISDIR(info.st_mode)) TRY(make_folder(to, info.st_mode & 07777));
  else if (UniqueFd file(open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)); !file) return fail_errno("Cannot make " + to);
  if (mount(from.c_str(), to.c_str(), nullptr, S_ISDIR(info.st_mode) ? MS_BIND | MS_REC : MS_BIND, nullptr) != 0) return fail_errno("Cannot show " + from);
  return {};
}

Result<> show_entries(const std::string& from, const std::string& to, std::span<const char* const> without) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(from.c_str()), closedir);
  if (!folder) return errno == ENOENT ? Result<>() : fail_errno("opendir " + from);
  while (dirent* entry = readdir(folder.get())) {
    std::string name = entry->d_name;
    if (name == "." || name == ".." || std::ranges::find(without, name) != without.end()) continue;
    TRY(show(from + "/" + name, to + "/" + name));
  }
  return {};
}

Result<> make_sys(const std::string& top) {
  if (exists("/sys/kernel")) return show("/sys", top + "/sys");
  TRY(make_folder(top + "/sys"));
  TRY(sys::mount_path("sysfs", top + "/sys", "sysfs", {"nosuid", "nodev", "noexec"}));
  return sys::mount_path("cgroup2", top + "/sys/fs/cgroup", "cgroup2", {"nosuid", "nodev", "noexec"});
}

Result<> make_dev(const std::string& top) {
  if (exists("/dev/null") && exists("/dev/ptmx")) return show("/dev", top + "/dev");
  std::string dev = top + "/dev";
  TRY(make_folder(dev));
  for (const Node& node : kNodes) {
    if (mknod((dev + "/" + node.name).c_str(), S_IFCHR | 0666, makedev(node.major, node.minor)) != 0) return fail_errno(std::string("mknod ") + node.name);
  }
  TRY(make_folder(dev + "/net"));
  if (mknod((dev + "/net/tun").c_str(), S_IFCHR | 0666, makedev(10, 200)) != 0) return fail_errno("mknod tun");
  for (const Link& link : kLinks) {
    if (symlink(link.target, (dev + "/" + link.name).c_str()) != 0) return fail_errno(std::string("symlink ") + link.name);
  }
  for (const char* name : {"/pts", "/shm", "/mqueue"}) TRY(make_folder(dev + name));
  (void)sys::mount_path("mqueue", dev + "/mqueue", "mqueue");  // not in every kernel, and nobody needs it
  return sys::mount_path("devpts", dev + "/pts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=666", "mode=620"});
}

/// What programs expect of any machine.
Result<> make_rest(const std::string& top) {
  if (exists("/tmp")) TRY(show("/tmp", top + "/tmp"));
  else TRY(make_folder(top + "/tmp", 01777));
  // Its entries one by one: what is made in it from now on stays here.
  TRY(make_folder(top + "/run"));
  TRY(show_entries("/run", top + "/run", {}));
  if (exists(top + "/etc")) return {};
  TRY(make_folder(top + "/etc"));
  TRY(write_file_atomic(top + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n", 0644));
  return write_file_atomic(top + "/etc/group", "root:x:0:\nnogroup:x:65534:\n", 0644);
}

/// Our mount namespace, by a /proc that is mounted nowhere.
Result<UniqueFd> own_namespace() {
  UniqueFd proc = TRY(sys::new_filesystem("proc", "proc", {}));
  UniqueFd own(openat(proc.get(), "self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!own) return fail_errno("Cannot open the mount namespace");
  return own;
}

/// Makes every mount private, so that nothing of ours is seen outside. In a chroot that is no mount point this can't be said of "/"; entering the
/// namespace in which we are leaves the chroot for as long as it takes.
Result<> make_private(int own) {
  UniqueFd here = TRY(sys::open_directory("/"));
  if (setns(own, CLONE_NEWNS) != 0) return fail_errno("Cannot leave the root folder");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_errno("Cannot make the mounts private");
  if (fchdir(here.get()) != 0 || chroot(".") != 0) return fail_errno("chroot");
  return {};
}

/// The new root over the namespace's own one, wherever ours is now.
Result<> move_to(const std::string& top, int own) {
  UniqueFd root = TRY(sys::open_directory(top));
  if (setns(own, CLONE_NEWNS) != 0) return fail_errno("Cannot leave the root folder");
  if (fchdir(root.get()) != 0 || mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 || chdir("/") != 0) return fail_errno("Cannot enter the new root folder");
  if (mount(nullptr, "/", nullptr, MS_PRIVATE, nullptr) != 0) return fail_errno("mount /");
  return {};
}

}  // namespace

Result<> enter_own_root(const std::string& folder) {
  std::string top = folder + "/root";
  mode_t mask = umask(0);
  UniqueFd own = TRY(own_namespace());
  TRY(make_private(own.get()));
  TRY(make_folder(top));
  TRY(sys::mount_path("tmpfs", top, "tmpfs", {"mode=755"}));
  // What contains `folder` is shown in it, but not the new root in itself.
  if (mount(nullptr, top.c_str(), nullptr, MS_UNBINDABLE, nullptr) != 0) return fail_errno("mount " + top);
  TRY(make_folder(top + "/proc"));
  TRY(sys::mount_path("proc", top + "/proc", "proc", {"nosuid", "nodev", "noexec"}));
  TRY(show_entries("/", top, kOwn));
  TRY(make_sys(top));
  TRY(make_dev(top));
  TRY(make_rest(top));
  umask(mask);
  return move_to(top, own.get());
}

}  // namespace rescue
