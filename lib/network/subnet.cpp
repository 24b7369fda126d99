// Random subnets, tried against the routing table and the neighbourhood.
#include "network/subnet.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <format>
#include <vector>

#include "base/encode.h"
#include "base/unique_fd.h"
#include "network/host.h"

namespace network {
namespace {

IpNetwork random_subnet(int family) {
  std::string bytes = random_bytes(6);
  auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  auto word = [&](size_t at) { return byte(at) << 8 | byte(at + 1); };
  std::string text = family == 4 ? std::format("10.{}.{}.1/24", byte(0) % 255, byte(1) % 255)
                                 : std::format("fd42:{:x}:{:x}:{:x}::1/64", word(0), word(2), word(4));
  return *IpNetwork::parse(text);
}

/// A connection attempt (not blocking) to the SSH port: a refusal is an answer too. Nothing if there is no route there at all.
UniqueFd knock(const IpAddress& address) {
  UniqueFd fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return {};
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(22)};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(22)};
  std::memcpy(address.is_v4() ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, address.bytes(), address.size());
  // SAFETY: both structures are the socket API's own, passed with their sizes.
  const auto* where = address.is_v4() ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  int result = connect(fd.get(), where, address.is_v4() ? sizeof v4 : sizeof v6);
  if (result < 0 && errno != EINPROGRESS) return {};
  return fd;
}

/// Does a host answer at the ends of the subnet within 300 ms?
bool answers(const Context& ctx, const IpNetwork& subnet) {
  std::vector<UniqueFd> sockets;
  for (const IpAddress& address : {subnet.nth(1), subnet.nth(-2)})
    if (UniqueFd fd = knock(address)) sockets.push_back(std::move(fd));
  if (sockets.empty()) return false;
  Context brief = ctx.with_timeout(milliseconds(300));
  while (!brief.expired() && !brief.stopped() && !sockets.empty()) {
    std::vector<pollfd> polls;
    for (const UniqueFd& fd : sockets) polls.push_back({fd.get(), POLLOUT, 0});
    if (poll(polls.data(), polls.size(), brief.poll_timeout()) <= 0) break;
    for (size_t i = polls.size(); i-- > 0;) {
      if (!polls[i].revents) continue;
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(polls[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error == 0 || error == ECONNREFUSED) return true;
      sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));  // unreachable: a router said so
    }
  }
  return false;
}

}  // namespace

Result<IpNetwork> unused_subnet(const Context& ctx, int family) {
  for (int tries = 0; tries < 100; tries++) {
    IpNetwork subnet = random_subnet(family);
    if (is_routed(subnet) || answers(ctx, subnet)) continue;
    return subnet;
  }
  return fail(Code::internal, "Failed to automatically find an unused IPv{} subnet, manual configuration required", family);
}

}  // namespace network
