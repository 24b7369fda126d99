#include <poll.h>

#include <asio/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <fcntl.h>
#include <mutex>

#include "async/runtime.h"
#include "base/encode.h"
#include "http/link.h"
#include "http/socket_stream.h"
#include "http/websocket_frame.h"

namespace http {

namespace {

constexpr size_t kMaxMessage = 16 << 20;
constexpr size_t kMaxQueued = 4 << 20;    // send(): a slower peer is cut
constexpr size_t kPumpAhead = 128 << 10;  // pump_from(): waits while more than this is queued
constexpr size_t kPumpPiece = 32 << 10;
constexpr seconds kPingEvery{10};
constexpr seconds kCloseTime{2};          // for the peer to answer a close frame

std::optional<uint32_t> new_mask(WebSocketRole role) {
  if (role == WebSocketRole::server) return std::nullopt;
  std::string bytes = random_bytes(4);
  uint32_t mask;
  memcpy(&mask, bytes.data(), 4);
  return mask;
}

/// Readers (start, pump_to, receive) and writers (send, pump_from, send_blocking) are independent halves. The asynchronous ones run on
/// one I/O thread; what crosses threads is the queue of outgoing bytes, under `mutex_`.
class WebSocketImpl final : public WebSocket {
 public:
  WebSocketImpl(async::Runtime& runtime, std::shared_ptr<Transport> transport, std::string leftover, WebSocketRole role)
      : io_(runtime.io()), transport_(std::move(transport)), link_(io_, transport_), role_(role), reader_(role == WebSocketRole::server, kMaxMessage) {
    reader_.feed(leftover);
  }
  ~WebSocketImpl() override { transport_->abort(); }

  /// Pings for as long as the websocket lives; holds no ownership while it waits.
  static asio::awaitable<void> keep_alive(asio::io_context& io, std::weak_ptr<WebSocketImpl> weak) {
    asio::steady_timer timer(io);
    for (;;) {
      timer.expires_after(kPingEvery);
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      auto self = weak.lock();
      if (!self || self->over()) co_return;
      self->enqueue(Opcode::ping, "keepalive");
    }
  }
  asio::io_context& io() { return io_; }

  void start(std::function<void(Kind, std::string_view)> on_message, std::function<void()> on_close) override {
    asio::post(io_, [self = self(), on_message = std::move(on_message), on_close = std::move(on_close)]() mutable {
      spawn(self->io_, self->deliver_messages(self, std::move(on_message), std::move(on_close)));
    });
  }
  bool send(Kind kind, std::string message) override {
    if (over()) return false;
    if (queued() + message.size() > kMaxQueued) {
      cut();
      return false;
    }
    enqueue(kind == Kind::text ? Opcode::text : Opcode::binary, message);
    return true;
  }
  void close() override {
    {
      std::lock_guard lock(mutex_);
      if (closing_ || broken_) return;
    }
    enqueue(Opcode::close, close_payload(1000));
    std::lock_guard lock(mutex_);
    closing_ = true;
    asio::post(io_, [self = self()] { spawn(self->io_, self->end_slowly(self)); });
  }
  void pump_from(int fd, bool barrier, std::function<void()> done) override {
    UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    asio::post(io_, [self = self(), copy = std::make_shared<UniqueFd>(std::move(copy)), barrier, done = std::move(done)]() mutable {
      spawn(self->io_, self->copy_out(self, std::move(*copy), barrier, std::move(done)));
    });
  }
  void pump_to(int fd, std::function<void()> done) override {
    UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    asio::post(io_, [self = self(), copy = std::make_shared<UniqueFd>(std::move(copy)), done = std::move(done)]() mutable {
      spawn(self->io_, self->copy_in(self, std::move(*copy), std::move(done)));
    });
  }

  Result<Message> receive(const Context& ctx) override {
    std::vector<char> buffer;
    for (;;) {
      if (auto message = TRY(next_message())) return std::move(*message);
      if (over()) return Message{Kind::binary, "", true};
      if (buffer.empty()) buffer.resize(64 << 10);
      auto n = transport_->read_some(ctx, buffer);
      if (!n && (n.error().code() == Code::cancelled || n.error().code() == Code::timeout)) return std::unexpected(std::move(n).error());
      if (!n || *n == 0) return Message{Kind::binary, "", true};
      reader_.feed({buffer.data(), *n});
    }
  }
  Result<> send_blocking(const Context& ctx, Kind kind, std::string_view message) override {
    // Through the queue, so that pings from the I/O thread never land inside a frame; then wait until it is short again.
    enqueue(kind == Kind::text ? Opcode::text : Opcode::binary, message);
    while (queued() > kPumpAhead) {
      TRY(ctx.wait_fd(transport_->fd(), POLLOUT));
      write_queued();
      if (over()) return fail(Code::internal, "Connection lost");
    }
    if (over()) return fail(Code::internal, "Connection lost");
    return {};
  }

 private:
  std::shared_ptr<WebSocketImpl> self() { return std::static_pointer_cast<WebSocketImpl>(shared_from_this()); }
  bool over() const {
    std::lock_guard lock(mutex_);
    return broken_;
  }
  size_t queued() const {
    std::lock_guard lock(mutex_);
    return queue_.size() - sent_;
  }
  void cut() {
    {
      std::lock_guard lock(mutex_);
      broken_ = true;
    }
    transport_->abort();
    asio::post(io_, [weak = weak_from_this()] {
      if (auto alive = std::static_pointer_cast<WebSocketImpl>(weak.lock())) alive->wake_waiters();
    });
  }
  void wake_waiters() {
    link_.cancel();
    if (source_) source_->cancel();
    if (target_) target_->cancel();
  }

  /// Appends a frame and writes what the socket takes at once; the rest is left to the I/O thread.
  void enqueue(Opcode opcode, std::string_view payload) {
    {
      std::lock_guard lock(mutex_);
      if (broken_ || closing_) return;
      auto mask = new_mask(role_);
      queue_ += frame_header(opcode, payload.size(), mask);
      size_t at = queue_.size();
      queue_ += payload;
      if (mask) apply_mask(queue_.data() + at, payload.size(), *mask);
    }
    write_queued();
    std::lock_guard lock(mutex_);
    if (sent_ == queue_.size() || writing_ || broken_) return;
    writing_ = true;
    asio::post(io_, [self = self()] { spawn(self->io_, self->drain(self)); });
  }
  /// One attempt without blocking; thread-safe.
  void write_queued() {
    bool lost = false;
    {
      std::lock_guard lock(mutex_);
      while (sent_ < queue_.size() && !broken_) {
        auto io = transport_->write(std::string_view(queue_).substr(sent_));
        if (!io) lost = true;
        if (!io || io->wait) break;
        sent_ += io->bytes;
      }
      if (sent_ == queue_.size()) {
        queue_.clear();
        sent_ = 0;
        if (queue_.capacity() > (64 << 10)) queue_.shrink_to_fit();
      }
    }
    if (lost) cut();
  }
  asio::awaitable<void> drain([[maybe_unused]] std::shared_ptr<WebSocketImpl> self) {
    while (!over()) {
      write_queued();
      {
        std::lock_guard lock(mutex_);
        if (queue_.empty()) break;
      }
      if (!co_await link_.ready(POLLOUT)) break;
    }
    std::lock_guard lock(mutex_);
    writing_ = false;
  }
  /// Waits until at most `limit` bytes are queued. False if the connection is lost.
  asio::awaitable<bool> drained(size_t limit) {
    while (queued() > limit) {
      if (over() || !co_await link_.ready(POLLOUT)) co_return false;
      write_queued();
    }
    co_return !over();
  }

  /// The next whole data message, or the end; control frames are handled on the way.
  Result<std::optional<Message>> next_message() {
    for (;;) {
      auto frame = reader_.next();
      if (!frame) {
        enqueue(Opcode::close, close_payload(frame.error().code() == Code::too_large ? 1009 : 1002));
        return std::unexpected(std::move(frame).error());
      }
      if (!*frame) return std::nullopt;
      switch ((*frame)->opcode) {
        case Opcode::ping: enqueue(Opcode::pong, (*frame)->payload); break;
        case Opcode::pong: break;
        case Opcode::close:
          enqueue(Opcode::close, (*frame)->payload.substr(0, 2));
          return Message{Kind::binary, "", true};
        case Opcode::text: return Message{Kind::text, std::move((*frame)->payload)};
        default: return Message{Kind::binary, std::move((*frame)->payload)};
      }
    }
  }
  /// The same on the I/O thread.
  asio::awaitable<Message> await_message() {
    for (;;) {
      auto message = next_message();
      if (!message) break;
      if (*message) co_return std::move(**message);
      auto io = transport_->read(scratch());
      if (!io || io->end() || over()) break;
      reader_.feed({scratch().data(), io->bytes});
      if (io->wait && !co_await link_.ready(io->wait)) break;
    }
    co_return Message{Kind::binary, "", true};
  }

  asio::awaitable<void> deliver_messages([[maybe_unused]] std::shared_ptr<WebSocketImpl> self, std::function<void(Kind, std::string_view)> on_message,
                                         std::function<void()> on_close) {
    for (;;) {
      Message message = co_await await_message();
      if (message.end) break;
      on_message(message.kind, message.data);
    }
    cut_after_flush();
    on_close();
  }
  asio::awaitable<void> copy_in([[maybe_unused]] std::shared_ptr<WebSocketImpl> self, UniqueFd fd, std::function<void()> done) {
    auto target = std::make_shared<Link>(io_, descriptor_transport(std::move(fd)));
    target_ = target.get();
    for (;;) {
      Message message = co_await await_message();
      if (message.end) cut_after_flush();
      if (message.end || message.kind == Kind::text) break;
      if (!co_await target->write(message.data)) break;
    }
    target_ = nullptr;
    target.reset();
    done();
  }
  asio::awaitable<void> copy_out([[maybe_unused]] std::shared_ptr<WebSocketImpl> self, UniqueFd fd, bool barrier, std::function<void()> done) {
    auto source = std::make_shared<Link>(io_, descriptor_transport(std::move(fd)));
    source_ = source.get();
    while (co_await drained(kPumpAhead)) {
      auto io = source->transport->read(scratch().first(kPumpPiece));
      if (!io || io->end()) break;
      if (io->wait) {
        if (!co_await source->ready(io->wait)) break;
        continue;
      }
      enqueue(Opcode::binary, {scratch().data(), io->bytes});
    }
    source_ = nullptr;
    source.reset();
    if (barrier) enqueue(Opcode::text, "");
    co_await drained(0);
    done();
  }

  /// The peer ended: what is queued still goes out, then the connection is over.
  void cut_after_flush() {
    asio::post(io_, [self = self()] {
      spawn(self->io_, [](std::shared_ptr<WebSocketImpl> socket) -> asio::awaitable<void> {
        co_await socket->drained(0);
        socket->cut();
      }(self));
    });
  }
  /// After close(): flushes, then gives the peer a moment to answer, reading and dropping what still comes.
  asio::awaitable<void> end_slowly([[maybe_unused]] std::shared_ptr<WebSocketImpl> self) {
    asio::steady_timer limit(io_, kCloseTime);
    limit.async_wait([weak = weak_from_this()](const asio::error_code& error) {
      if (auto alive = std::static_pointer_cast<WebSocketImpl>(weak.lock()); alive && !error) alive->cut();
    });
    if (co_await drained(0)) {
      transport_->shutdown_write();
      for (;;) {
        auto io = transport_->read(scratch());
        if (!io || io->end() || over()) break;
        if (io->wait && !co_await link_.ready(io->wait)) break;
      }
    }
    cut();
  }

  asio::io_context& io_;
  std::shared_ptr<Transport> transport_;
  Link link_;
  WebSocketRole role_;
  FrameReader reader_;        // the reading half's own
  Link* source_ = nullptr;    // I/O thread: descriptors that are being pumped, to be woken when the connection is lost
  Link* target_ = nullptr;

  mutable std::mutex mutex_;
  std::string queue_;         // whole frames; the first sent_ bytes are out
  size_t sent_ = 0;
  bool writing_ = false;      // drain() runs
  bool closing_ = false;      // no more frames are taken
  bool broken_ = false;
};

}  // namespace

std::shared_ptr<WebSocket> adopt_websocket(async::Runtime& runtime, std::shared_ptr<Transport> transport, std::string leftover, WebSocketRole role) {
  auto socket = std::make_shared<WebSocketImpl>(runtime, std::move(transport), std::move(leftover), role);
  spawn(socket->io(), WebSocketImpl::keep_alive(socket->io(), socket));
  return socket;
}

}  // namespace http
