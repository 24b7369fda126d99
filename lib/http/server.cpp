#include "http/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <asio/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <semaphore>
#include <thread>

#include "archive/hash.h"
#include "async/runtime.h"
#include "base/log.h"
#include "http/adopt.h"
#include "http/certificate.h"
#include "http/connection.h"
#include "http/proxy_header.h"
#include "http/starttls.h"
#include "http/tls.h"

namespace http {

namespace {

constexpr seconds kNoDescriptors{1};  // pause before accepting again when the process is out of descriptors

/// "host:port" of a socket address, v6 in brackets.
std::string address_text(const sockaddr_storage& address) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "";
  }
  std::string_view name = host;
  if (name.starts_with("::ffff:")) name.remove_prefix(7);  // IPv4 over the dual-stack socket
  return name.contains(':') ? std::format("[{}]:{}", name, port) : std::format("{}:{}", name, port);
}

std::string local_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address_text(address) : "";
}

/// A dead peer behind a lost network path is noticed within minutes, also on silent connections.
void tune_tcp(int fd) {
  int on = 1, idle = 30, interval = 10, count = 6;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/// Begins to serve a connection, on an I/O thread of its own choice.
void serve(const std::shared_ptr<ServerShared>& shared, std::shared_ptr<Transport> transport, Peer peer) {
  asio::io_context& io = shared->runtime.io();
  asio::post(io, [shared, &io, transport = std::move(transport), peer = std::move(peer)]() mutable {
    auto connection = std::make_shared<Connection>(shared, io, transport, std::move(peer));
    shared->add(connection, transport);
    spawn(io, connection->run());
  });
}

/// A listening socket with its accepting coroutine.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<ServerShared> shared, UniqueFd fd, Peer::Transport kind, std::shared_ptr<TlsContext> tls)
      : shared_(std::move(shared)), io_(shared_->runtime.io()), kind_(kind), tls_(std::move(tls)), descriptor_(io_, fd.release()) {
    if (kind_ == Peer::Transport::tls) local_ = local_address(descriptor_.native_handle());
  }

  void start() { spawn(io_, accept(shared_from_this())); }
  /// Waits until the socket is closed, so that its address is free again. Not on an I/O thread.
  void close() {
    std::binary_semaphore closed(0);
    asio::post(io_, [this, &closed] {
      asio::error_code ignored;
      descriptor_.close(ignored);
      closed.release();
    });
    closed.acquire();
  }
  const std::string& local() const { return local_; }
  void set_tls(std::shared_ptr<TlsContext> tls) {
    std::lock_guard lock(mutex_);
    tls_ = std::move(tls);
  }

 private:
  asio::awaitable<void> accept([[maybe_unused]] std::shared_ptr<Listener> self) {
    asio::steady_timer pause(io_);
    for (;;) {
      auto [error] = co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      for (;;) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        int fd = accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
        if (fd >= 0) {
          adopt(UniqueFd(fd), address);
          continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
          log_warn("Cannot accept a connection", {{"error", strerror(errno)}});
          pause.expires_after(kNoDescriptors);
          co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        } else if (errno == ECONNABORTED || errno == EINTR) {
          continue;
        }
        break;
      }
    }
  }

  void adopt(UniqueFd fd, const sockaddr_storage& address) {
    Peer peer;
    peer.transport = kind_;
    peer.local_address = local_;
    std::shared_ptr<Transport> transport;
    if (auto tls = tls_context()) {
      peer.address = address_text(address);
      tune_tcp(fd.get());
      auto wrapped = tls->wrap(std::move(fd));
      if (!wrapped) return log_warn("Cannot start TLS", {{"error", wrapped.error().message()}});
      transport = *wrapped;
    } else {
      peer.address = "@";
      read_credentials(fd.get(), peer);
      transport = socket_transport(std::move(fd));
    }
    serve(shared_, std::move(transport), std::move(peer));
  }

  static void read_credentials(int fd, Peer& peer) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
    peer.pid = credentials.pid;
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
  }

  std::shared_ptr<TlsContext> tls_context() {
    std::lock_guard lock(mutex_);
    return tls_;
  }

  std::shared_ptr<ServerShared> shared_;
  asio::io_context& io_;
  Peer::Transport kind_;
  std::mutex mutex_;
  std::shared_ptr<TlsContext> tls_;
  std::string local_;
  asio::posix::stream_descriptor descriptor_;
};

struct HostPort {
  std::string host;
  std::string port;
};

/// "host:port", "[v6]:port", ":port", "host", "v6".
HostPort split_address(const std::string& address) {
  constexpr const char* kDefaultPort = "8443";
  if (address.starts_with('[')) {
    size_t end = address.find(']');
    std::string rest = end == std::string::npos ? "" : address.substr(end + 1);
    return {address.substr(1, end - 1), rest.starts_with(':') ? rest.substr(1) : kDefaultPort};
  }
  size_t colon = address.find(':');
  if (colon == std::string::npos) return {address, kDefaultPort};
  if (address.find(':', colon + 1) != std::string::npos) return {address, kDefaultPort};
  return {address.substr(0, colon), address.substr(colon + 1)};
}

Result<UniqueFd> bind_one(const addrinfo& info, bool any) {
  UniqueFd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  int on = 1, off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info.ai_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof on);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0) return fail_errno("bind");
  if (::listen(fd.get(), SOMAXCONN) != 0) return fail_errno("listen");
  return fd;
}

Result<UniqueFd> bind_tcp(const std::string& address) {
  HostPort target = split_address(address);
  bool any = target.host.empty() || target.host == "::";
  addrinfo hints{.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  int error = getaddrinfo(any ? "::" : target.host.c_str(), target.port.c_str(), &hints, &list);
  if (error) return fail(Code::invalid, "Cannot listen on {}: {}", quote(address), gai_strerror(error));
  auto fd = bind_one(*list, any);
  freeaddrinfo(list);
  if (!fd && any && fd.error().sys_errno() == EAFNOSUPPORT) return bind_tcp("0.0.0.0:" + target.port);  // IPv6 switched off
  if (!fd) return std::unexpected(std::move(fd).error().wrap(std::format("Cannot listen on {}", quote(address))));
  return fd;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(async::Runtime& runtime, Planner planner) : shared_(std::make_shared<ServerShared>(runtime, std::move(planner))) {}

  Result<> listen_unix(int fd, Peer::Transport transport) override {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    auto listener = std::make_shared<Listener>(shared_, UniqueFd(fd), transport, nullptr);
    std::lock_guard lock(mutex_);
    unix_.push_back(listener);
    listener->start();
    return {};
  }

  Result<> adopt_listener(UniqueFd socket, const TlsIdentity& identity) {
    auto context = TRY(TlsContext::server({identity.certificate_pem, identity.key_pem}));
    fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    auto listener = std::make_shared<Listener>(shared_, std::move(socket), Peer::Transport::vsock, std::move(context));
    std::lock_guard lock(mutex_);
    unix_.push_back(listener);
    listener->start();
    return {};
  }
  void adopt_connection(std::shared_ptr<Transport> transport, Peer peer) { serve(shared_, std::move(transport), std::move(peer)); }

  Result<> listen_tls(const std::string& name, const std::string& address, const TlsIdentity& identity) override {
    std::lock_guard lock(mutex_);
    auto current = tls_.find(name);
    if (address.empty()) {
      if (current != tls_.end()) current->second.listener->close();
      tls_.erase(name);
      return {};
    }
    auto context = TRY(TlsContext::server({identity.certificate_pem, identity.key_pem}));
    if (current != tls_.end() && current->second.address == address) {
      current->second.listener->set_tls(context);
      return {};
    }
    return replace(name, address, context);
  }

  void trust_proxies(std::function<bool(const std::string&)> trusted) { shared_->trusted_proxy = std::move(trusted); }
  void offer_starttls(std::function<Result<TlsIdentity>()> identity) { shared_->starttls_identity = std::move(identity); }

  StringList addresses(const std::string& name) const override {
    std::lock_guard lock(mutex_);
    auto found = tls_.find(name);
    if (found == tls_.end()) return {};
    return {found->second.listener->local()};
  }

  void stop(Duration grace) override {
    shared_->stopping = true;
    close_listeners();
    each_connection([](const std::shared_ptr<Connection>& connection) { connection->close_if_idle(); });
    Clock::time_point deadline = Clock::now() + grace;
    while (shared_->busy > 0 && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
    shared_->stop.request_stop();
    std::lock_guard lock(shared_->mutex);
    for (auto& entry : shared_->transports) {
      if (auto transport = entry.lock()) transport->abort();
    }
  }

 private:
  struct Named {
    std::string address;
    std::shared_ptr<Listener> listener;
  };

  /// The old address is given up first, as the new one may be the same port; it comes back if the new one cannot be had.
  Result<> replace(const std::string& name, const std::string& address, std::shared_ptr<TlsContext> context) {
    std::string old;
    if (auto current = tls_.find(name); current != tls_.end()) {
      old = current->second.address;
      current->second.listener->close();
      tls_.erase(current);
    }
    auto fd = bind_tcp(address);
    if (!fd && !old.empty()) {
      if (auto again = bind_tcp(old)) add(name, old, std::move(*again), context);
    }
    if (!fd) return std::unexpected(std::move(fd).error());
    add(name, address, std::move(*fd), std::move(context));
    return {};
  }

  void add(const std::string& name, const std::string& address, UniqueFd fd, std::shared_ptr<TlsContext> context) {
    auto listener = std::make_shared<Listener>(shared_, std::move(fd), Peer::Transport::tls, std::move(context));
    tls_[name] = {address, listener};
    listener->start();
  }

  void close_listeners() {
    std::lock_guard lock(mutex_);
    for (auto& listener : unix_) listener->close();
    for (auto& [name, entry] : tls_) entry.listener->close();
    unix_.clear();
    tls_.clear();
  }

  void each_connection(void (*action)(const std::shared_ptr<Connection>&)) {
    std::lock_guard lock(shared_->mutex);
    for (auto& entry : shared_->connections) {
      if (auto connection = entry.lock()) asio::post(connection->io(), [connection, action] { action(connection); });
    }
  }

  std::shared_ptr<ServerShared> shared_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Listener>> unix_;
  std::map<std::string, Named> tls_;
};

}  // namespace

std::unique_ptr<Server> Server::create(async::Runtime& runtime, Planner planner) {
  return std::make_unique<ServerImpl>(runtime, std::move(planner));
}

Result<> adopt_listener(Server& server, UniqueFd socket, const TlsIdentity& identity) {
  // SAFETY: create() makes no other kind. (Likewise below.)
  return static_cast<ServerImpl&>(server).adopt_listener(std::move(socket), identity);
}

Result<> adopt_connection(Server& server, UniqueFd socket, Peer peer, const TlsContext& tls) {
  static_cast<ServerImpl&>(server).adopt_connection(TRY(tls.wrap(std::move(socket))), std::move(peer));
  return {};
}

void trust_proxies(Server& server, std::function<bool(const std::string&)> trusted) {
  static_cast<ServerImpl&>(server).trust_proxies(std::move(trusted));
}

void offer_starttls(Server& server, std::function<Result<TlsIdentity>()> identity) {
  static_cast<ServerImpl&>(server).offer_starttls(std::move(identity));
}

}  // namespace http
