// Speaks to a container's monitor, about its device rules or its console: attach (passes the terminal's descriptors over descriptor 3), print or clear the ring buffer.
#include <lxc/lxccontainer.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "applets/applet.h"
#include "sys/fd_passing.h"

namespace {

struct PutContainer {
  void operator()(lxc_container* container) const { lxc_container_put(container); }
};

int attach(lxc_container* container) {
  int number = 0, terminal = -1;
  int hold = container->console_getfd(container, &number, &terminal);
  if (hold < 0) return 1;
  return sys::send_fds(3, "ok", {terminal, hold}) ? 0 : 1;
}

int buffer(lxc_container* container, bool read, bool clear) {
  lxc_console_log log{};
  uint64_t size = 0;  // all of it
  log.read = read;
  log.clear = clear;
  log.read_max = &size;
  int result = container->console_log(container, &log);
  if (result == -ENODATA || result == -ENOENT) return 0;
  if (result < 0) {
    dprintf(STDERR_FILENO, "Failed reading the console's ring buffer: %s\n", strerror(-result));
    return 1;
  }
  if (read && log.data && write(STDOUT_FILENO, log.data, size) < 0) return 1;
  return 0;
}

/// `forkconsole attach|log|clear NAME LXC_PATH`
int run_forkconsole(const Args& args) {
  if (args.size() != 3) return 2;
  std::unique_ptr<lxc_container, PutContainer> container(lxc_container_new(args[1].c_str(), args[2].c_str()));
  if (!container) return 1;
  if (args[0] == "attach") return attach(container.get());
  return buffer(container.get(), args[0] == "log", args[0] == "clear");
}

/// `forkcgroup NAME LXC_PATH KEY VALUE`: the monitor changes the device program of the container's control group.
int run_forkcgroup(const Args& args) {
  if (args.size() != 4) return 2;
  std::unique_ptr<lxc_container, PutContainer> container(lxc_container_new(args[0].c_str(), args[1].c_str()));
  if (container && container->set_cgroup_item(container.get(), args[2].c_str(), args[3].c_str())) return 0;
  dprintf(STDERR_FILENO, "The kernel or the container's monitor refused %s %s\n", args[2].c_str(), args[3].c_str());
  return 1;
}

}  // namespace

extern const Applet forkcgroup_applet;
const Applet forkcgroup_applet = {.name = "forkcgroup", .flags = kHidden | kEarly, .summary = "Set a control group item of a container", .run = run_forkcgroup};
extern const Applet forkconsole_applet;
const Applet forkconsole_applet = {.name = "forkconsole", .flags = kHidden | kEarly, .summary = "Speak to a container's console", .run = run_forkconsole};
