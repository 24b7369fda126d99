#include "client/transport.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/encode.h"

namespace client {

Result<std::optional<size_t>> Transport::try_read(std::span<char> buffer) {
  for (;;) {
    ssize_t n = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN) return std::nullopt;
    if (errno != EINTR) return fail_errno("Connection lost");
  }
}

Result<size_t> Transport::try_write(std::string_view data) {
  for (;;) {
    ssize_t n = send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return fail_errno("Connection lost");
  }
}

Result<> Transport::shutdown_write() {
  if (shutdown(fd_.get(), SHUT_WR)) return fail_errno("shutdown");
  return {};
}

short Transport::read_events() const { return POLLIN; }
short Transport::write_events() const { return POLLOUT; }

Result<size_t> Transport::read(const Context& ctx, std::span<char> buffer) {
  for (;;) {
    auto n = TRY(try_read(buffer));
    if (n) return *n;
    TRY(ctx.wait_fd(fd_.get(), read_events()));
  }
}

Result<> Transport::write(const Context& ctx, std::string_view data) {
  while (!data.empty()) {
    size_t n = TRY(try_write(data));
    data.remove_prefix(n);
    if (n == 0) TRY(ctx.wait_fd(fd_.get(), write_events()));
  }
  return {};
}

Result<std::unique_ptr<Transport>> connect_unix(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "Socket path {} is too long", quote(path));
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  // SAFETY: sockaddr_un is what AF_UNIX's connect(2) takes.
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address)) {
    if (errno == EACCES) return fail(Code::unavailable, "You don't have the needed permissions to talk to the incus daemon (socket path: {})", path);
    return fail(Code::unavailable, "The incus daemon doesn't appear to be started (socket path: {})", path);
  }
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Transport>(new Transport(std::move(fd), true));
}

namespace {

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};

Result<UniqueFd> connect_one(const Context& ctx, const addrinfo& address) {
  UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS) return fail_errno("connect");
  TRY(ctx.wait_fd(fd.get(), POLLOUT));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return fail_errno("connect", error);
  return fd;
}

Result<UniqueFd> connect_tcp(const Context& ctx, const std::string& host, uint16_t port) {
  AddressList list;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  if (int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list.first)) {
    return fail(Code::unavailable, "Cannot find the address of {}: {}", quote(host), gai_strerror(error));
  }
  Error last(Code::unavailable, "no address");
  for (const addrinfo* address = list.first; address; address = address->ai_next) {
    auto fd = connect_one(ctx.with_timeout(seconds(10)), *address);
    if (fd) {
      int on = 1;
      setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    TRY(ctx.check());
    last = fd.error();
  }
  return fail(Code::unavailable, "Cannot connect to {} port {}: {}", host, port, last.message());
}

/// HTTP CONNECT through a proxy: the answer's head is read byte-wise, so that nothing behind it is swallowed.
Result<> tunnel(const Context& ctx, Transport& proxy, const Endpoint& endpoint, const std::string& user) {
  std::string host = endpoint.host.contains(':') ? "[" + endpoint.host + "]" : endpoint.host;
  std::string request = std::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", host, endpoint.port);
  if (!user.empty()) request += "Proxy-Authorization: Basic " + base64_encode(user) + "\r\n";
  TRY(proxy.write(ctx, request + "\r\n"));
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte;
    if (TRY(proxy.read(ctx, {&byte, 1})) == 0 || head.size() > 16384) return fail(Code::unavailable, "The proxy closed the connection");
    head += byte;
  }
  StringList words = split(head.substr(0, head.find('\r')), ' ', 3);
  if (words.size() < 2 || words[1] != "200") return fail(Code::unavailable, "The proxy refused: {}", head.substr(0, head.find('\r')));
  return {};
}

/// "http://user:password@host:port" -> its parts.
struct ProxyAddress {
  std::string user, host;
  uint16_t port = 3128;
};

Result<ProxyAddress> parse_proxy(std::string_view text) {
  if (size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    if (text.substr(0, scheme) != "http") return fail(Code::invalid, "Proxy {} isn't an http:// one", quote(text));
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  ProxyAddress proxy;
  if (size_t at = text.rfind('@'); at != std::string_view::npos) {
    proxy.user = url_unescape(text.substr(0, at)).value_or("");
    text.remove_prefix(at + 1);
  }
  size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    auto port = parse_uint(text.substr(colon + 1));
    if (!port || *port > 65535) return fail(Code::invalid, "Invalid port in proxy address");
    proxy.port = static_cast<uint16_t>(*port);
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  proxy.host = text;
  return proxy;
}

}  // namespace

Result<std::unique_ptr<Transport>> connect_plain(const Context& ctx, const Endpoint& endpoint) {
  if (endpoint.proxy.empty()) {
    UniqueFd fd = TRY(connect_tcp(ctx, endpoint.host, endpoint.port));
    return std::unique_ptr<Transport>(new Transport(std::move(fd), false));
  }
  ProxyAddress proxy = TRY(parse_proxy(endpoint.proxy));
  UniqueFd fd = TRY(connect_tcp(ctx, proxy.host, proxy.port));
  std::unique_ptr<Transport> transport(new Transport(std::move(fd), false));
  if (endpoint.tls) TRY(tunnel(ctx, *transport, endpoint, proxy.user));
  return transport;
}

Result<std::unique_ptr<Transport>> connect(const Context& ctx, const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return connect_unix(endpoint.unix_path);
  auto plain = TRY(connect_plain(ctx, endpoint));
  if (!endpoint.tls) return plain;
  return start_tls(ctx, std::move(plain), endpoint);
}

}  // namespace client
