// forknbd QEMU-NBD ro|rw: serves the raw disk of descriptor 4 to who connects to the listening socket of descriptor 3, with that program in a cell (cell.h),
// until the first client is gone. The format is said: what a guest writes at the disk's start never makes it another one.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "applets/applet.h"
#include "applets/helpers/cell.h"
#include "base/strings.h"

namespace {

constexpr int kSocket = 3;  // where sd_listen_fds(3) says that it is

int run_forknbd(const Args& args) {
  if (args.size() != 2) return 2;
  bool writable = args[1] == "rw";
  const cell::CellFile files[] = {{4, "/disk", writable}};
  if (auto confined = cell::enter_cell(files, 0); !confined) {
    dprintf(STDERR_FILENO, "cannot confine the server: %s\n", confined.error().message().c_str());
    return 125;
  }
  close_range(kSocket + 1, ~0U, 0);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  execl(args[0].c_str(), "qemu-nbd", "--format=raw", writable ? "--discard=unmap" : "--read-only", "/disk", nullptr);
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", args[0].c_str(), strerror(errno));
  return 126;
}

}  // namespace

extern const Applet forknbd_applet;
const Applet forknbd_applet = {.name = "forknbd", .flags = kHidden | kEarly, .summary = "Serve a disk with qemu-nbd in a sandbox", .run = run_forknbd};
