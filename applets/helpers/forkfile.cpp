// Serves SFTP on its standard input and output (one socket) for a container: `forkfile running` enters the namespaces of the process whose pidfd is
// descriptor 3, `forkfile stopped [IDMAP]` works in the folder that is descriptor 3, as the root of a user namespace with that map.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "applets/applet.h"
#include "base/strings.h"
#include "sys/idmap.h"
#include "sys/sftp_server.h"

namespace {

int complain(const char* what) {
  dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
  return 1;
}

Result<> become_root() {
  // Refused where setgroups(2) is denied to the namespace: nothing to drop then.
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) return fail_errno("Failed becoming root");
  return {};
}

Result<> enter_running() {
  // Entering a user namespace that is our own is refused: then only the mounts differ.
  if (setns(3, CLONE_NEWUSER | CLONE_NEWNS) < 0) {
    if (errno != EINVAL || setns(3, CLONE_NEWNS) < 0) return fail_errno("Failed entering the container");
    return {};
  }
  return become_root();
}

Result<> enter_folder() {
  if (fchdir(3) < 0 || chroot(".") < 0 || chdir("/") < 0) return fail_errno("Failed entering the root file system");
  return {};
}

int serve() {
  close(3);
  auto done = sys::sftp::serve(STDIN_FILENO, STDOUT_FILENO);
  if (done) return 0;
  dprintf(STDERR_FILENO, "%s\n", done.error().message().c_str());
  return 1;
}

bool write_map(pid_t pid, const char* name, const sys::IdMap& map, char kind) {
  std::string text;
  for (const std::string& line : map.lxc_lines()) {
    if (line[0] == kind) text += line.substr(2) + "\n";
  }
  int fd = open(std::format("/proc/{}/{}", pid, name).c_str(), O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

/// The child makes a user namespace, the parent (still root of ours) maps its ids.
int serve_mapped(const sys::IdMap& map) {
  int made[2], mapped[2];
  if (pipe2(made, O_CLOEXEC) < 0 || pipe2(mapped, O_CLOEXEC) < 0) return complain("Failed making a pipe");
  pid_t child = fork();
  if (child < 0) return complain("Failed forking");
  char byte = 0;
  if (child == 0) {
    close(mapped[1]);
    if (unshare(CLONE_NEWUSER) < 0) return complain("Failed making a user namespace");
    (void)!write(made[1], &byte, 1);
    if (read(mapped[0], &byte, 1) != 1) return 1;
    auto entered = become_root();
    if (entered) entered = enter_folder();
    if (!entered) return complain(entered.error().message().c_str());
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return serve();
  }
  close(made[1]);
  bool ready = read(made[0], &byte, 1) == 1 && write_map(child, "uid_map", map, 'u') && write_map(child, "gid_map", map, 'g');
  if (ready) (void)!write(mapped[1], &byte, 1);
  close(mapped[1]);
  close(STDIN_FILENO);
  close(STDOUT_FILENO);
  int status = 0;
  waitpid(child, &status, 0);
  return ready && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run_forkfile(const Args& args) {
  if (args.size() == 2 && args[0] == "stopped") {
    auto map = sys::IdMap::from_json(args[1]);
    return map ? serve_mapped(*map) : 2;
  }
  if (args.size() != 1) return 2;
  auto entered = args[0] == "running" ? enter_running() : enter_folder();
  if (entered) return serve();
  dprintf(STDERR_FILENO, "%s\n", entered.error().message().c_str());
  return 1;
}

}  // namespace

extern const Applet forkfile_applet;
const Applet forkfile_applet = {.name = "forkfile", .flags = kHidden | kEarly, .summary = "Serve a container's files over SFTP", .run = run_forkfile};
