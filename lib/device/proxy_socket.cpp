#include "device/proxy_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <format>
#include <thread>

#include "base/ip.h"
#include "device/proxy_relay.h"

namespace device {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> unix_address(const ProxyAddress& address) {
  SocketAddress out;
  auto* raw = reinterpret_cast<sockaddr_un*>(&out.storage);
  raw->sun_family = AF_UNIX;
  std::string path = address.address;
  if (path.size() >= sizeof raw->sun_path) return fail(Code::invalid, "The path {} is too long for a Unix socket", path);
  if (address.abstract) path[0] = '\0';
  memcpy(raw->sun_path, path.data(), path.size());
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (address.abstract ? 0 : 1));
  return out;
}

Result<SocketAddress> ip_address(const ProxyAddress& address, int64_t port) {
  auto ip = address.address.empty() ? IpAddress::parse("::") : IpAddress::parse(address.address);
  if (!ip) return fail(Code::invalid, "Not an IP address: {}", address.address);
  SocketAddress out;
  if (ip->is_v4()) {
    auto* raw = reinterpret_cast<sockaddr_in*>(&out.storage);
    raw->sin_family = AF_INET;
    raw->sin_port = htons(static_cast<uint16_t>(port));
    memcpy(&raw->sin_addr, ip->bytes(), 4);
    out.size = sizeof *raw;
  } else {
    auto* raw = reinterpret_cast<sockaddr_in6*>(&out.storage);
    raw->sin6_family = AF_INET6;
    raw->sin6_port = htons(static_cast<uint16_t>(port));
    memcpy(&raw->sin6_addr, ip->bytes(), 16);
    out.size = sizeof *raw;
  }
  return out;
}

Result<SocketAddress> address_of(const ProxyAddress& address, size_t index) {
  if (address.protocol == "unix") return unix_address(address);
  return ip_address(address, address.ports.size() == 1 ? address.ports[0] : address.ports.at(index));
}

int socket_type(const ProxyAddress& address) { return address.protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM; }

Result<UniqueFd> listen_on(const ProxyAddress& address, size_t index) {
  SocketAddress where = TRY(address_of(address, index));
  UniqueFd fd(socket(where.storage.ss_family, socket_type(address) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed making a socket");
  int on = 1;
  if (where.storage.ss_family != AF_UNIX) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // The address may belong to a proxy that is just ending, or to an interface that is just coming up.
  int result = -1;
  for (int attempt = 0; attempt < 10 && result < 0; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    result = bind(fd.get(), where.get(), where.size);
  }
  if (result < 0) return fail_errno(std::format("Failed to listen on {}", address.address));
  if (address.protocol != "udp" && listen(fd.get(), 128) < 0) return fail_errno(std::format("Failed to listen on {}", address.address));
  return fd;
}

}  // namespace

Result<std::vector<UniqueFd>> open_listeners(const ProxyAddress& address) {
  std::vector<UniqueFd> out;
  size_t count = address.protocol == "unix" ? 1 : address.ports.size();
  for (size_t i = 0; i < count; ++i) out.push_back(TRY(listen_on(address, i)));
  return out;
}

Result<UniqueFd> connect_to(const ProxyAddress& address, size_t index) {
  SocketAddress where = TRY(address_of(address, index));
  UniqueFd fd(socket(where.storage.ss_family, socket_type(address) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed making a socket");
  if (connect(fd.get(), where.get(), where.size) < 0 && errno != EINPROGRESS) return fail_errno("Failed to connect to target");
  return fd;
}

std::string proxy_line(int client) {
  SocketAddress from, to;
  from.size = to.size = sizeof from.storage;
  if (getpeername(client, reinterpret_cast<sockaddr*>(&from.storage), &from.size) < 0 || from.storage.ss_family == AF_UNIX) return "PROXY UNKNOWN\r\n";
  getsockname(client, reinterpret_cast<sockaddr*>(&to.storage), &to.size);
  auto text = [](const SocketAddress& address, uint16_t& port) {
    bool v4 = address.storage.ss_family == AF_INET;
    const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    port = ntohs(v4 ? four->sin_port : six->sin6_port);
    return IpAddress::from_bytes(v4 ? static_cast<const void*>(&four->sin_addr) : &six->sin6_addr, v4 ? 4 : 16);
  };
  uint16_t from_port, to_port;
  IpAddress source = text(from, from_port), destination = text(to, to_port);
  return std::format("PROXY TCP{} {} {} {} {}\r\n", source.is_v4() ? 4 : 6, source.text(), destination.text(), from_port, to_port);
}

void wait_writable(int fd) {
  pollfd polled{fd, POLLOUT, 0};
  poll(&polled, 1, 200);
}

}  // namespace device
