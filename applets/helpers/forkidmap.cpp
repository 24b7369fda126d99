// Tells whether a path's file system can be mounted with an id map, by trying: `forkidmap PATH` exits with 0 if so. mount_setattr(2).
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "sys/mounts.h"

namespace {

bool write_text(const std::string& path, std::string_view text) {
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

/// A user namespace that maps root to root. The child that makes it is gone when this returns.
UniqueFd make_user_namespace() {
  int made[2];
  if (pipe2(made, O_CLOEXEC) < 0) return {};
  pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (unshare(CLONE_NEWUSER) == 0) (void)!write(made[1], &byte, 1);
    pause();
    _exit(0);
  }
  close(made[1]);
  char byte;
  UniqueFd result;
  std::string proc = std::format("/proc/{}", child);
  if (child > 0 && read(made[0], &byte, 1) == 1 && write_text(proc + "/uid_map", "0 0 1") && write_text(proc + "/gid_map", "0 0 1")) {
    result.reset(open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  }
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  return result;
}

int run_forkidmap(const Args& args) {
  if (args.size() != 1) return 2;
  UniqueFd user_namespace = make_user_namespace();
  auto mount = sys::clone_tree(args[0], false);
  return user_namespace && mount && sys::set_idmap(mount->get(), user_namespace.get(), false) ? 0 : 1;
}

}  // namespace

extern const Applet forkidmap_applet;
const Applet forkidmap_applet = {.name = "forkidmap", .flags = kHidden | kEarly, .summary = "Probe for idmapped mounts", .run = run_forkidmap};
