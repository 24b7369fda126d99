// Works on network interfaces inside a container. Descriptor 3 is init's pidfd (or a network namespace).
#include <sched.h>
#include <unistd.h>

#include <cstdio>

#include "applets/applet.h"
#include "sys/netlink.h"

namespace {

Result<> up(sys::Netlink& netlink, const std::string& name) { return netlink.set_up(name, true); }

Result<> detach(sys::Netlink& netlink, const std::string& name, const std::string& host_name, pid_t host) {
  auto down = netlink.set_up(name, false);
  if (!down) return down.error().code() == Code::not_found ? Result<>() : down;
  return netlink.move_to(name, host, host_name);
}

/// `forknet up NAME` or `forknet detach NAME HOST_NAME HOST_PID`
int run_forknet(const Args& args) {
  auto work = [&]() -> Result<> {
    if (setns(3, CLONE_NEWNET) < 0) return fail_errno("Failed entering the network namespace");
    sys::Netlink netlink = TRY(sys::Netlink::open());
    if (args.size() == 2 && args[0] == "up") return up(netlink, args[1]);
    if (args.size() == 4 && args[0] == "detach") return detach(netlink, args[1], args[2], static_cast<pid_t>(parse_int(args[3]).value_or(1)));
    return fail(Code::invalid, "forknet: wrong arguments");
  };
  auto done = work();
  if (done) return 0;
  dprintf(STDERR_FILENO, "%s\n", done.error().message().c_str());
  return 1;
}

}  // namespace

extern const Applet forknet_applet;
const Applet forknet_applet = {.name = "forknet", .flags = kHidden | kEarly, .summary = "Change interfaces in a container", .run = run_forknet};
