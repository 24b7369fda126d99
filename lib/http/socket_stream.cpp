#include "http/socket_stream.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "async/runtime.h"
#include "base/log.h"
#include "http/link.h"
#include "sys/splice.h"

namespace http {

namespace {

constexpr size_t kSpliced = 1 << 20;

/// Both directions between two links, as two coroutines; `done` runs when the second ends.
class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(asio::io_context& io, std::shared_ptr<Transport> a, std::shared_ptr<Transport> b, std::string leftover, std::function<void()> done)
      : io_(io), a_(io, std::move(a)), b_(io, std::move(b)), done_(std::move(done)) {
    a_.input = std::move(leftover);
  }
  ~Relay() {
    if (done_) done_();
  }
  void start() {
    spawn(io_, pump(shared_from_this(), a_, b_));
    spawn(io_, pump(shared_from_this(), b_, a_));
  }

 private:
  /// A clean end of one direction leaves the other running (half-closed); a failure cuts both.
  static asio::awaitable<void> pump(std::shared_ptr<Relay> self, Link& from, Link& to) {
    bool clean = co_await to.write(from.input);
    from.input.clear();
    bool spliced = clean && from.transport->plain_socket() && to.transport->plain_socket();
    if (spliced) clean = co_await splice(from, to);
    while (clean && !spliced) {
      auto io = from.transport->read(scratch());
      if (!io) clean = false;
      else if (io->end()) break;
      else if (io->wait) clean = co_await from.ready(io->wait);
      else clean = co_await self->forward(to, std::string_view(scratch().data(), io->bytes));
    }
    to.transport->shutdown_write();
    if (!clean || hung_up(from)) self->cut();
  }
  /// Whether nobody is left at the other end who could take what still comes for it: a silent peer would keep the relay for ever.
  static bool hung_up(const Link& link) {
    pollfd entry{link.transport->fd(), 0, 0};
    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP);
  }

  /// Between plain sockets the bytes stay in the kernel.
  static asio::awaitable<bool> splice(Link& from, Link& to) {
    auto pipe = sys::SplicePipe::open();
    if (!pipe) co_return false;
    to.transport->set_non_blocking();
    for (;;) {
      ssize_t moved = pipe->fill(from.transport->fd(), kSpliced);
      if (moved == 0) co_return true;
      if (moved < 0 && errno != EAGAIN && errno != EINTR) co_return false;
      if (moved < 0 && !co_await from.ready(POLLIN)) co_return false;
      while (pipe->held() > 0) {
        moved = pipe->drain(to.transport->fd());
        if (moved == 0 || (moved < 0 && errno != EAGAIN && errno != EINTR)) co_return false;
        if (moved < 0 && !co_await to.ready(POLLOUT)) co_return false;
      }
    }
  }

  asio::awaitable<bool> forward(Link& to, std::string_view data) {
    auto io = to.transport->write(data);
    if (!io) co_return false;
    if (io->bytes == data.size()) co_return true;
    std::string rest(data.substr(io->bytes));  // the scratch buffer is another's after the next wait
    co_return co_await to.write(rest);
  }

  void cut() {
    for (Link* link : {&a_, &b_}) {
      link->transport->abort();
      link->cancel();
    }
  }

  asio::io_context& io_;
  Link a_;
  Link b_;
  std::function<void()> done_;
};

class SocketStream final : public Stream {
 public:
  SocketStream(async::Runtime* runtime, std::shared_ptr<Transport> transport, std::string leftover)
      : runtime_(runtime), transport_(std::move(transport)), leftover_(std::move(leftover)) {}

  Result<size_t> read(const Context& ctx, std::span<char> buffer) override {
    if (!transport_) return fail(Code::internal, "Connection closed");
    if (!leftover_.empty()) {
      size_t n = std::min(buffer.size(), leftover_.size());
      memcpy(buffer.data(), leftover_.data(), n);
      leftover_.erase(0, n);
      return n;
    }
    return transport_->read_some(ctx, buffer);
  }
  Result<> write(const Context& ctx, std::string_view data) override {
    if (!transport_) return fail(Code::internal, "Connection closed");
    return transport_->write_all(ctx, data);
  }
  Result<> shutdown_write() override {
    if (transport_) transport_->shutdown_write();
    return {};
  }
  void close() override {
    if (transport_) transport_->abort();
  }
  Transport* transport() { return transport_.get(); }
  void relay(int fd, std::function<void()> done) override {
    UniqueFd owned(fd);
    if (!runtime_ || !transport_) {
      log_error("A stream without a runtime cannot be relayed");
      return done();
    }
    asio::io_context& io = runtime_->io();
    auto relay = std::make_shared<Relay>(io, std::exchange(transport_, nullptr), descriptor_transport(std::move(owned)), std::move(leftover_),
                                         std::move(done));
    runtime_->post([relay] { relay->start(); });
  }

 private:
  async::Runtime* runtime_;
  std::shared_ptr<Transport> transport_;
  std::string leftover_;
};

}  // namespace

bool files_by_kernel(Stream& stream) {
  auto* socket = dynamic_cast<SocketStream*>(&stream);
  return socket && socket->transport() && socket->transport()->plain_socket();
}

Result<> send_file(const Context& ctx, Stream& stream, int file, uint64_t count) {
  if (!files_by_kernel(stream)) return fail(Code::invalid, "This connection takes no files");
  return dynamic_cast<SocketStream&>(stream).transport()->send_file_all(ctx, file, count);
}

std::shared_ptr<Stream> adopt_stream(async::Runtime* runtime, std::shared_ptr<Transport> transport, std::string leftover) {
  return std::make_shared<SocketStream>(runtime, std::move(transport), std::move(leftover));
}

}  // namespace http
