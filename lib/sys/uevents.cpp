#include "sys/uevents.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "base/strings.h"

namespace sys {
namespace {

constexpr size_t kMaxEvent = 8192;
constexpr unsigned kKernelGroup = 1;  // the other one is udev's own

}  // namespace

bool is_network_event(std::string_view message) {
  for (const std::string& part : split(message, '\0'))
    if (part == "SUBSYSTEM=net" || part == "SUBSYSTEM=queues") return true;
  return false;
}

Result<Uevents> Uevents::open() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!fd) return fail_errno("Failed opening a socket for uevents");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  // SAFETY: sockaddr_nl is made to be passed as a socket address.
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return fail_errno("Failed listening for uevents");
  return Uevents(std::move(fd));
}

bool Uevents::drain() {
  std::string buffer(kMaxEvent, '\0');
  bool any = false;
  for (;;) {
    ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got >= 0) any = any || !is_network_event(std::string_view(buffer).substr(0, static_cast<size_t>(got)));
    else if (errno == ENOBUFS) any = true;  // more than the socket holds
    else if (errno != EINTR) return any;
  }
}

}  // namespace sys
