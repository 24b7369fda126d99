#include "client/connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <format>

#include "base/encode.h"
#include "base/strings.h"
#include "client/download.h"
#include "http/parser.h"
#include "sys/connect.h"

namespace client {

namespace {

constexpr seconds kConnectTime{10};  // per address

Failure unavailable(std::string what, int error) {
  return Failure(Error(Code::unavailable, std::format("{}: {}", what, strerror(error)), error));
}

Failure refused_unix(std::string_view what, const std::string& path) {
  return Failure(Error(Code::unavailable, std::format("{} (socket path: {})", what, path), errno));
}

Result<UniqueFd> connect_unix(const Context& ctx, const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "The socket path {} is longer than {} bytes", quote(path), sizeof address.sun_path - 1);
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  while (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EACCES) return refused_unix("You don't have the needed permissions to talk to the incus daemon", path);
    if (errno != EAGAIN && errno != EINTR) return refused_unix("The incus daemon doesn't appear to be started", path);
    TRY(ctx.sleep(milliseconds(5)));  // the server's queue is full
  }
  return fd;
}

Result<UniqueFd> connect_address(const Context& ctx, const addrinfo& info) {
  UniqueFd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  auto connected = sys::connect_socket(ctx.with_timeout(kConnectTime), fd.get(), info.ai_addr, info.ai_addrlen);
  if (!connected && connected.error().sys_errno()) return unavailable("connect", connected.error().sys_errno());
  TRY(std::move(connected));
  int on = 1, user_timeout = 30'000;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
  return fd;
}

Result<UniqueFd> connect_tcp(const Context& ctx, const std::string& host, uint16_t port) {
  addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  std::string where = host_port(host, port);
  int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error) {
    hints.ai_flags = 0;  // AI_ADDRCONFIG refuses loopback addresses on a machine without a network
    error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  }
  if (error) return fail(Code::unavailable, "Cannot connect to {}: {}", where, gai_strerror(error));
  Result<UniqueFd> fd = fail(Code::unavailable, "no address");
  for (addrinfo* info = list; info && !fd; info = info->ai_next) {
    fd = connect_address(ctx, *info);
    if (!fd && !ctx.check()) break;
  }
  freeaddrinfo(list);
  if (!fd) {
    Code code = fd.error().code() == Code::cancelled ? Code::cancelled : Code::unavailable;
    return std::unexpected(std::move(fd).error().wrap(std::format("Cannot connect to {}", where)).with_code(code));
  }
  return fd;
}

/// Asks a proxy for a tunnel to the endpoint (RFC 9110, 9.3.6).
Result<> open_tunnel(const Context& ctx, http::Transport& transport, const Endpoint& endpoint, const Url& proxy, const std::string& credentials) {
  std::string where = host_port(endpoint.host, endpoint.port);
  std::string request = std::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", where);
  if (!credentials.empty()) request += std::format("Proxy-Authorization: Basic {}\r\n", base64_encode(credentials));
  TRY(transport.write_all(ctx, request + "\r\n"));
  http::Parser parser(http::Parser::Type::answer);
  // Byte by byte, so that nothing behind the head is taken from the tunnel.
  for (char byte = 0;;) {
    if (TRY(transport.read_some(ctx, {&byte, 1})) == 0) return fail(Code::unavailable, "The proxy {} closed the connection", proxy.host);
    auto step = parser.feed({&byte, 1});
    if (step.event == http::Parser::Event::error) return fail(Code::unavailable, "The proxy {} sent garbage", proxy.host);
    if (step.event == http::Parser::Event::head) break;
  }
  if (parser.head().status / 100 == 2) return {};
  return fail(Code::unavailable, "The proxy {} refused a connection to {}: status {}", proxy.host, where, parser.head().status);
}

struct Proxy {
  Url url;
  std::string credentials;  ///< "user:password"
};

Result<Proxy> parse_proxy(const std::string& text) {
  std::string url = text.contains("://") ? text : "http://" + text;
  Proxy proxy;
  size_t start = url.find("://") + 3;
  if (size_t at = url.find('@', start); at != std::string::npos && at < url.find('/', start)) {
    proxy.credentials = url_unescape(url.substr(start, at - start)).value_or("");
    url.erase(start, at + 1 - start);
  }
  proxy.url = TRY(parse_url(url));
  if (!url.substr(start).contains(':')) proxy.url.port = proxy.url.tls ? 443 : 80;
  if (proxy.url.tls) return fail(Code::unsupported, "The proxy {} must be reached by plain HTTP", quote(text));
  return proxy;
}

Result<UniqueFd> connect_network(const Context& ctx, const Endpoint& endpoint) {
  if (endpoint.proxy.empty()) return connect_tcp(ctx, endpoint.host, endpoint.port);
  Proxy proxy = TRY(parse_proxy(endpoint.proxy));
  UniqueFd fd = TRY_CTX(connect_tcp(ctx, proxy.url.host, proxy.url.port), "Proxy");
  if (!endpoint.tls) return fd;
  auto transport = http::socket_transport(UniqueFd(dup(fd.get())));
  TRY(open_tunnel(ctx, *transport, endpoint, proxy.url, proxy.credentials));
  return fd;
}

}  // namespace

std::string host_port(const std::string& host, uint16_t port) {
  return host.contains(':') ? std::format("[{}]:{}", host, port) : std::format("{}:{}", host, port);
}

Result<std::shared_ptr<http::Transport>> connect(const Context& ctx, const Endpoint& endpoint, std::shared_ptr<http::TlsContext>& tls) {
  if (!endpoint.unix_path.empty()) return http::socket_transport(TRY(connect_unix(ctx, endpoint.unix_path)));
  UniqueFd fd = TRY(connect_network(ctx, endpoint));
  if (!endpoint.tls) return http::socket_transport(std::move(fd));
  if (!tls) {
    tls = TRY(http::TlsContext::client({.host = endpoint.host,
                                        .server_certificate = endpoint.server_certificate,
                                        .ca_certificate = endpoint.ca_certificate,
                                        .client_certificate = endpoint.client_certificate,
                                        .client_key = endpoint.client_key,
                                        .insecure = endpoint.insecure,
                                        .allow_tls12 = endpoint.public_web}));
  }
  auto transport = TRY(tls->wrap(std::move(fd)));
  TRY_CTX(transport->handshake_all(ctx.with_timeout(kConnectTime)), "{}", host_port(endpoint.host, endpoint.port));
  return transport;
}

}  // namespace client
