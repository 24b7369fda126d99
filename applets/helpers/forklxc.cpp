// Starts a container with liblxc. The parent process of the container ("[lxc monitor]") is what liblxc forks here, so this role touches as little
// memory as it can: whatever is allocated before the start stays with every container.
#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

#include "applets/applet.h"

namespace {

struct PutContainer {
  void operator()(lxc_container* container) const { lxc_container_put(container); }
};

int complain(const char* what, const char* detail) {
  dprintf(STDERR_FILENO, "%s: %s\n", what, detail);
  return 1;
}

constexpr int kStopPatience = 30;  // seconds

/// `forklxc NAME LXC_PATH CONFIG LOG_FOLDER`: prints init's pid once the container runs.
/// `forklxc NAME LXC_PATH`: waits until nothing of the container is left.
int run_forklxc(const Args& args) {
  if (args.size() != 4 && args.size() != 2) return complain("forklxc", "wrong number of arguments");
  std::unique_ptr<lxc_container, PutContainer> container(lxc_container_new(args[0].c_str(), args[1].c_str()));
  if (!container) return complain("Failed making the container object", args[0].c_str());
  lxc_container* c = container.get();
  if (args.size() == 2) return c->wait(c, "STOPPED", kStopPatience) ? 0 : complain("Still running", args[0].c_str());
  c->clear_config(c);
  if (!c->load_config(c, args[2].c_str())) return complain("Failed loading the configuration", args[2].c_str());
  c->want_daemonize(c, true);
  c->want_close_all_fds(c, true);
  malloc_trim(0);
  if (!c->start(c, 0, nullptr)) return complain("Failed starting the container", c->error_string ? c->error_string : args[0].c_str());
  dprintf(STDOUT_FILENO, "%d\n", c->init_pid(c));
  return 0;
}

}  // namespace

extern const Applet forklxc_applet;
const Applet forklxc_applet = {.name = "forklxc", .flags = kHidden | kEarly, .summary = "Start a container", .run = run_forklxc};
