// The process behind one proxy device: listens on one side, connects on the other. Descriptor 3 is the instance's init. It opens its listeners where
// they belong, then lives on the connecting side. Standard output is the device's log: `Status: Started`, or a line that starts with `Error:`.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "applets/applet.h"
#include "base/strings.h"
#include "device/proxy_relay.h"
#include "sys/fd_passing.h"

namespace {

constexpr int kInit = 3;

/// `forkproxy host|instance LISTEN CONNECT GID UID MODE SECURITY_GID SECURITY_UID PROXY_PROTOCOL`
struct Order {
  bool listen_inside = false;
  device::RelayOptions relay;
  std::string gid, uid, mode;
  uint32_t security_gid = 0, security_uid = 0;
};

Result<Order> parse(const Args& args) {
  if (args.size() != 9) return fail(Code::invalid, "forkproxy: wrong arguments");
  Order order{.listen_inside = args[0] == "instance", .gid = args[3], .uid = args[4], .mode = args[5]};
  order.relay.listen = TRY(device::parse_proxy_address(args[1]));
  order.relay.connect = TRY(device::parse_proxy_address(args[2]));
  order.security_gid = static_cast<uint32_t>(parse_uint(args[6]).value_or(0));
  order.security_uid = static_cast<uint32_t>(parse_uint(args[7]).value_or(0));
  order.relay.proxy_protocol = args[8] == "true";
  return order;
}

/// Its network; its files too, for sockets with a path.
Result<> enter_instance(const device::ProxyAddress& address) {
  int namespaces = CLONE_NEWNET | (address.protocol == "unix" && !address.abstract ? CLONE_NEWNS : 0);
  // A user namespace that is ours already can't be entered: a privileged container.
  if (setns(kInit, namespaces | CLONE_NEWUSER) == 0) {
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) return fail_errno("Failed becoming the instance's root");
    return {};
  }
  if (errno != EINVAL || setns(kInit, namespaces) < 0) return fail_errno("Failed entering the instance");
  return {};
}

Result<> own_socket(const Order& order) {
  const device::ProxyAddress& address = order.relay.listen;
  if (address.protocol != "unix" || address.abstract) return {};
  uid_t uid = order.uid.empty() ? static_cast<uid_t>(-1) : static_cast<uid_t>(parse_uint(order.uid).value_or(0));
  gid_t gid = order.gid.empty() ? static_cast<gid_t>(-1) : static_cast<gid_t>(parse_uint(order.gid).value_or(0));
  if (chown(address.address.c_str(), uid, gid) < 0) return fail_errno("Failed changing the socket's owner");
  mode_t mode = static_cast<mode_t>(parse_uint(order.mode, 8).value_or(0644));
  if (chmod(address.address.c_str(), mode) < 0) return fail_errno("Failed changing the socket's mode");
  return {};
}

Result<std::vector<UniqueFd>> listen_here(const Order& order) {
  const device::ProxyAddress& address = order.relay.listen;
  if (address.protocol == "unix" && !address.abstract) unlink(address.address.c_str());
  auto listeners = TRY(device::open_listeners(address));
  TRY(own_socket(order));
  return listeners;
}

/// A child makes the listeners inside and hands them over, so that this process stays outside.
Result<std::vector<UniqueFd>> listen_inside(const Order& order) {
  auto [ours, theirs] = TRY(sys::socket_pair());
  pid_t child = fork();
  if (child < 0) return fail_errno("Failed forking");
  if (child == 0) {
    auto work = [&]() -> Result<> {
      TRY(enter_instance(order.relay.listen));
      for (UniqueFd& fd : TRY(listen_here(order))) TRY(sys::send_fds(theirs.get(), "l", {fd.get()}));
      return {};
    };
    auto done = work();
    if (!done) (void)sys::send_fds(theirs.get(), done.error().message(), {});
    _exit(done ? 0 : 1);
  }
  theirs.reset();
  std::vector<UniqueFd> listeners;
  std::string complaint;
  while (true) {
    sys::ReceivedFds received = TRY(sys::receive_fds(ours.get()));
    if (received.text.empty()) break;
    if (received.fds.empty()) complaint = received.text;
    for (UniqueFd& fd : received.fds) listeners.push_back(std::move(fd));
  }
  waitpid(child, nullptr, 0);
  if (!complaint.empty()) return fail(Code::internal, "{}", complaint);
  return listeners;
}

Result<> drop_rights(const Order& order) {
  if (order.security_gid == 0 && order.security_uid == 0) return {};
  if (setgroups(0, nullptr) < 0 && errno != EPERM) return fail_errno("Failed dropping groups");
  if (setresgid(order.security_gid, order.security_gid, order.security_gid) < 0) return fail_errno("Failed to switch to gid");
  if (setresuid(order.security_uid, order.security_uid, order.security_uid) < 0) return fail_errno("Failed to switch to uid");
  return {};
}

Result<> serve(const Args& args) {
  Order order = TRY(parse(args));
  std::vector<UniqueFd> listeners;
  if (order.listen_inside) {
    listeners = TRY(listen_inside(order));
  } else {
    listeners = TRY(listen_here(order));
    TRY(enter_instance(order.relay.connect));
  }
  close(kInit);
  TRY(drop_rights(order));
  dprintf(STDOUT_FILENO, "Status: Started\n");
  return device::run_relay(std::move(listeners), order.relay);
}

int run_forkproxy(const Args& args) {
  auto done = serve(args);
  if (!done) dprintf(STDOUT_FILENO, "Error: %s\n", done.error().message().c_str());
  return 1;
}

}  // namespace

extern const Applet forkproxy_applet;
const Applet forkproxy_applet = {.name = "forkproxy", .flags = kHidden | kEarly, .summary = "Relay the connections of a proxy device", .run = run_forkproxy};
