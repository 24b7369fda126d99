#include "applets/cli/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <future>
#include <print>

#include "async/runtime.h"
#include "base/strings.h"

namespace cli {

std::string TcpAddress::text() const { return host.contains(':') ? std::format("[{}]:{}", host, port) : std::format("{}:{}", host, port); }

Result<TcpAddress> parse_tcp_address(const std::string& text) {
  TcpAddress address;
  std::string port = text;
  if (size_t colon = text.rfind(':'); colon != std::string::npos) {
    address.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    bool brackets = address.host.starts_with('[') && address.host.ends_with(']');
    if (brackets) address.host = address.host.substr(1, address.host.size() - 2);
    else if (address.host.contains(':')) return fail(Code::invalid, "Invalid address {}: put brackets around an IPv6 address", quote(text));
  }
  auto number = parse_uint(port);
  if (!number || *number > 65535) return fail(Code::invalid, "Invalid port {}", quote(port));
  address.port = static_cast<int>(*number);
  return address;
}

namespace {

struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<SocketName> socket_name(const TcpAddress& address) {
  SocketName name;
  auto v4 = reinterpret_cast<sockaddr_in*>(&name.storage);
  auto v6 = reinterpret_cast<sockaddr_in6*>(&name.storage);
  std::string host = address.host.empty() ? "::" : address.host == "localhost" ? "127.0.0.1" : address.host;
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(address.port));
    name.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(address.port));
    name.size = sizeof *v6;
  } else {
    return fail(Code::invalid, "Failed to listen for connection: {} is no IP address", quote(address.host));
  }
  return name;
}

}  // namespace

Result<UniqueFd> listen_tcp(TcpAddress& address) {
  SocketName name = TRY(socket_name(address));
  UniqueFd fd(socket(name.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("Failed to listen for connection");
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&name.storage), name.size) || listen(fd.get(), 128)) {
    return fail_errno("Failed to listen for connection on " + address.text());
  }
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name.storage), &name.size) == 0) {
    address.port = ntohs(reinterpret_cast<sockaddr_in*>(&name.storage)->sin_port);  // at the same place in both families
  }
  return fd;
}

namespace {

/// Waits for a connection; none if none came for too long while none was open.
Result<UniqueFd> next_connection(int listener, const RelayOptions& options, const std::atomic<int>& open_connections) {
  int limit = options.idle.count() > 0 ? static_cast<int>(std::chrono::milliseconds(options.idle).count()) : -1;
  for (;;) {
    pollfd entry{listener, POLLIN, 0};
    int ready = poll(&entry, 1, limit);
    if (ready == 0 && open_connections == 0) return UniqueFd();
    if (ready <= 0) continue;
    UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (fd) return fd;
    if (errno != EINTR && errno != ECONNABORTED) return fail_errno("Failed to accept incoming connection");
  }
}

/// Who connected: "127.0.0.1:4711".
std::string peer_of(int fd) {
  SocketName name;
  name.size = sizeof name.storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&name.storage), &name.size) != 0) return "";
  bool v6 = name.storage.ss_family == AF_INET6;
  auto v4_name = reinterpret_cast<const sockaddr_in*>(&name.storage);
  auto v6_name = reinterpret_cast<const sockaddr_in6*>(&name.storage);
  char host[INET6_ADDRSTRLEN] = "";
  inet_ntop(name.storage.ss_family, v6 ? static_cast<const void*>(&v6_name->sin6_addr) : &v4_name->sin_addr, host, sizeof host);
  return TcpAddress{host, ntohs(v4_name->sin_port)}.text();  // at the same place in both families
}

void say(const std::string& line) {
  std::println("{}", line);
  std::fflush(stdout);
}

/// One connection from its start to its end, on workers and I/O threads; `ended` is called once.
void relay_one(UniqueFd fd, const RelayOptions& options, const std::function<Result<std::shared_ptr<http::Stream>>()>& open, const std::function<void(Result<>)>& ended) {
  std::string peer = options.client.empty() ? "" : peer_of(fd.get());
  if (!peer.empty()) say(std::format("{} connected {}", options.client, quote(peer)));
  auto finish = [ended, peer, client = options.client](Result<> outcome) {
    if (!peer.empty()) say(std::format("{} disconnected {}", client, quote(peer)));
    ended(std::move(outcome));
  };
  auto stream = open();
  if (stream) return (*stream)->relay(fd.release(), [finish, stream = *stream] { finish({}); });
  finish(Failure(stream.error()));
}

}  // namespace

Result<> relay_connections(async::Runtime& runtime, int listener, const RelayOptions& options, std::function<Result<std::shared_ptr<http::Stream>>()> open) {
  auto count = std::make_shared<std::atomic<int>>(0);
  for (;;) {
    auto fd = std::make_shared<UniqueFd>(TRY(next_connection(listener, options, *count)));
    if (!*fd) return {};
    ++*count;
    auto outcome = std::make_shared<std::promise<Result<>>>();
    auto done = outcome->get_future();
    runtime.offload([fd, open, count, options, outcome] {
      relay_one(std::move(*fd), options, open, [count, options, outcome](Result<> ended) {
        --*count;
        if (!ended && !options.once) say(std::format("{}: {}", options.problem, ended.error().message()));
        outcome->set_value(std::move(ended));
      });
    });
    if (options.once) return done.get().transform_error([&](Error error) { return error.wrap(options.problem); });
  }
}

}  // namespace cli
