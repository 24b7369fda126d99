#include "device/proxy_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/strings.h"
#include "device/proxy_socket.h"
#include "sys/fd_passing.h"

namespace device {
namespace {

constexpr size_t kBuffer = 64 << 10;
constexpr size_t kMaxFdsAtOnce = 32;
constexpr int64_t kIdleSeconds = 30 * 60;  ///< a UDP client that was silent so long is forgotten

int64_t now_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

/// One direction's data that the receiver couldn't take yet. Passed descriptors travel with it between Unix sockets.
struct Pending {
  std::string data;
  std::vector<UniqueFd> fds;
  bool ended = false;  ///< the sender closed its side
  bool shut = false;   ///< and the receiver was told
  bool empty() const { return data.empty() && fds.empty(); }
};

/// A connection: two sockets, and what flows from each to the other.
struct Pair {
  UniqueFd ends[2];
  Pending towards[2];  ///< data for ends[i]
  bool passes_fds = false;
};

/// A UDP client and the socket that speaks to the target for it.
struct Session {
  int listener = -1;
  std::string client;  ///< its sockaddr
  UniqueFd target;
  int64_t last_used = 0;
};

class Relay {
 public:
  explicit Relay(const RelayOptions& options) : options_(options) {}

  Result<> run(const std::vector<UniqueFd>& listeners) {
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail_errno("Failed making an epoll instance");
    for (size_t i = 0; i < listeners.size(); ++i) {
      listeners_[listeners[i].get()] = i;
      watch(listeners[i].get(), EPOLLIN, EPOLL_CTL_ADD);
    }
    epoll_event events[64];
    while (true) {
      int count = epoll_wait(epoll_.get(), events, std::size(events), 60 * 1000);
      if (count < 0 && errno != EINTR) return fail_errno("Failed waiting for events");
      for (int i = 0; i < count; ++i) handle(events[i].data.fd, events[i].events);
      if (!sessions_.empty()) forget_idle();
    }
  }

 private:
  void watch(int fd, uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_.get(), operation, fd, &event);
  }

  void handle(int fd, uint32_t events) {
    if (listeners_.contains(fd)) return options_.listen.protocol == "udp" ? receive_datagram(fd) : accept_connection(fd);
    auto session = sessions_.find(fd);
    if (session != sessions_.end()) return answer(*session->second);
    auto pair = pairs_.find(fd);
    if (pair != pairs_.end()) move(pair->second, fd, events);
  }

  void accept_connection(int listener) {
    UniqueFd client(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return;
    auto target = connect_to(options_.connect, listeners_[listener]);
    if (!target) {
      dprintf(STDOUT_FILENO, "Warning: %s\n", target.error().message().c_str());
      return;
    }
    auto pair = std::make_shared<Pair>();
    pair->passes_fds = options_.listen.protocol == "unix" && options_.connect.protocol == "unix";
    if (options_.proxy_protocol && options_.connect.protocol == "tcp") pair->towards[1].data = proxy_line(client.get());
    pair->ends[0] = std::move(client);
    pair->ends[1] = std::move(*target);
    for (UniqueFd& end : pair->ends) {
      pairs_[end.get()] = pair;
      watch(end.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, EPOLL_CTL_ADD);
    }
    pump(*pair);
  }

  void move(std::shared_ptr<Pair> pair, int, uint32_t) {
    if (!pump(*pair)) {
      for (UniqueFd& end : pair->ends) pairs_.erase(end.get());
    }
  }

  /// Moves what can be moved both ways; edge-triggered, so until nothing more goes. False once the connection is over.
  bool pump(Pair& pair) {
    bool progress = true;
    while (progress) {
      progress = false;
      for (int to = 0; to < 2; ++to) {
        Pending& pending = pair.towards[to];
        if (!flush(pair, to, progress)) return false;
        if (pending.empty() && !pending.ended && !fill(pair, to, progress)) return false;
      }
    }
    return !(pair.towards[0].shut && pair.towards[1].shut);
  }

  /// Reads for ends[to] from the other end. False on a broken connection.
  bool fill(Pair& pair, int to, bool& progress) {
    Pending& pending = pair.towards[to];
    int from = pair.ends[1 - to].get();
    std::string buffer(kBuffer, '\0');
    ssize_t got = pair.passes_fds ? sys::receive_with_fds(from, buffer, pending.fds, kMaxFdsAtOnce) : read(from, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return true;
    if (got < 0) return false;
    progress = true;
    pending.data.append(buffer, 0, static_cast<size_t>(got));
    if (got == 0) pending.ended = true;
    return true;
  }

  bool flush(Pair& pair, int to, bool& progress) {
    Pending& pending = pair.towards[to];
    int fd = pair.ends[to].get();
    while (!pending.empty()) {
      std::vector<int> fds;
      for (const UniqueFd& passed : pending.fds) fds.push_back(passed.get());
      ssize_t put = sys::send_with_fds(fd, pending.data, fds);
      if (put < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return true;
      if (put < 0) return false;
      progress = true;
      pending.fds.clear();
      pending.data.erase(0, static_cast<size_t>(put));
    }
    if (pending.ended && !pending.shut) {
      shutdown(fd, SHUT_WR);
      pending.shut = true;
    }
    return true;
  }

  void receive_datagram(int listener) {
    std::string buffer(kBuffer, '\0');
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(listener, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;
    std::string client(reinterpret_cast<const char*>(&from), size);
    auto& session = clients_[{listener, client}];
    if (!session) {
      auto target = connect_to(options_.connect, listeners_[listener]);
      if (!target) {
        dprintf(STDOUT_FILENO, "Warning: %s\n", target.error().message().c_str());
        clients_.erase({listener, client});
        return;
      }
      session = std::make_shared<Session>(Session{listener, client, std::move(*target), 0});
      sessions_[session->target.get()] = session;
      watch(session->target.get(), EPOLLIN, EPOLL_CTL_ADD);
    }
    session->last_used = now_seconds();
    // A stream may still be connecting: datagrams may get lost, as they may anyway; waiting a moment avoids it in practice.
    wait_writable(session->target.get());
    (void)send(session->target.get(), buffer.data(), static_cast<size_t>(got), MSG_NOSIGNAL);
  }

  void answer(Session& session) {
    std::string buffer(kBuffer, '\0');
    ssize_t got = read(session.target.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 && options_.connect.protocol != "udp") return forget(session);
    session.last_used = now_seconds();
    if (got > 0) {
      (void)sendto(session.listener, buffer.data(), static_cast<size_t>(got), 0, reinterpret_cast<const sockaddr*>(session.client.data()),
                   static_cast<socklen_t>(session.client.size()));
    }
  }

  void forget(const Session& session) {
    std::pair<int, std::string> key{session.listener, session.client};
    sessions_.erase(session.target.get());
    clients_.erase(key);
  }

  void forget_idle() {
    int64_t now = now_seconds();
    std::vector<std::shared_ptr<Session>> idle;
    for (const auto& [fd, session] : sessions_) {
      if (now - session->last_used > kIdleSeconds) idle.push_back(session);
    }
    for (const auto& session : idle) forget(*session);
  }

  const RelayOptions& options_;
  UniqueFd epoll_;
  std::map<int, size_t> listeners_;
  std::map<int, std::shared_ptr<Pair>> pairs_;
  std::map<int, std::shared_ptr<Session>> sessions_;
  std::map<std::pair<int, std::string>, std::shared_ptr<Session>> clients_;
};

}  // namespace

Result<> run_relay(std::vector<UniqueFd> listeners, const RelayOptions& options) {
  return Relay(options).run(listeners);
}

}  // namespace device
