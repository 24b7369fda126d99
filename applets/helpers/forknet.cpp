// Works on network interfaces inside a container. Descriptor 3 is init's pidfd (or a network namespace).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "applets/applet.h"
#include "base/unique_fd.h"
#include "sys/fd_passing.h"
#include "sys/netlink.h"

namespace {

Result<> up(sys::Netlink& netlink, const std::string& name) { return netlink.set_up(name, true); }

Result<> detach(sys::Netlink& netlink, const std::string& name, const std::string& host_name, pid_t host) {
  auto down = netlink.set_up(name, false);
  if (!down) return down.error().code() == Code::not_found ? Result<>() : down;
  return netlink.move_to(name, host, host_name);
}

/// What liblxc does at a start: addresses ("10.0.0.1/32"), and default routes by way of gateways that no subnet holds. Neither may be there yet.
Result<> configure(sys::Netlink& netlink, const std::string& name, const StringList& addresses, const StringList& gateways) {
  for (const std::string& address : addresses) TRY(netlink.add_address(name, address));
  TRY(up(netlink, name));
  for (const std::string& gateway : gateways) {
    bool v6 = gateway.contains(':');
    int family = v6 ? AF_INET6 : AF_INET;
    TRY(netlink.add_route({.family = family, .destination = gateway + (v6 ? "/128" : "/32"), .gateway = "", .source = "", .device = name, .protocol = "boot", .scope = "link"}));
    TRY(netlink.add_route({.family = family, .destination = "default", .gateway = gateway, .source = "", .device = name, .protocol = "boot"}));
  }
  return {};
}

constexpr int kAnswer = 4;

/// Connects from in here and hands the connection over through kAnswer.
Result<> connect_tcp(const std::string& address, uint16_t port) {
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_flowinfo = 0, .sin6_addr = {}, .sin6_scope_id = 0};
  bool is_v4 = inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) return fail(Code::invalid, "Invalid address {}", quote(address));
  UniqueFd fd(socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("Failed making a socket");
  const sockaddr* target = is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  if (connect(fd.get(), target, is_v4 ? sizeof v4 : sizeof v6) < 0) return fail_errno(std::format("Failed to connect to {} port {}", address, port));
  return sys::send_fds(kAnswer, "ok", {fd.get()});
}

/// `forknet up NAME [ADDRESSES GATEWAYS]` (separated by commas), `forknet detach NAME HOST_NAME HOST_PID` or `forknet connect ADDRESS PORT`
int run_forknet(const Args& args) {
  auto work = [&]() -> Result<> {
    if (setns(3, CLONE_NEWNET) < 0) return fail_errno("Failed entering the network namespace");
    if (args.size() == 3 && args[0] == "connect") return connect_tcp(args[1], static_cast<uint16_t>(parse_uint(args[2]).value_or(0)));
    sys::Netlink netlink = TRY(sys::Netlink::open());
    if (args.size() == 2 && args[0] == "up") return up(netlink, args[1]);
    if (args.size() == 4 && args[0] == "up") return configure(netlink, args[1], split_list(args[2]), split_list(args[3]));
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
