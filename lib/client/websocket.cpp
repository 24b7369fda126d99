#include "client/websocket.h"

#include <poll.h>

#include <cstring>

#include "base/encode.h"
#include "http/websocket_frame.h"

namespace client {
namespace {

using http::Opcode;

/// Messages are at most this large: the server's own frames are far smaller.
constexpr size_t kMaxMessage = 64 << 20;
constexpr size_t kReadSize = 256 << 10;

class Socket : public WebSocket {
 public:
  explicit Socket(Connection connection)
      : transport_(std::move(connection.transport)), reader_(false, kMaxMessage), buffer_(kReadSize, '\0') {
    reader_.feed(connection.unread);
  }
  ~Socket() override { close(); }

  int fd() const override { return transport_->fd(); }
  short events() const override {
    return static_cast<short>(transport_->read_events() | (outgoing_.empty() ? 0 : transport_->write_events()));
  }
  size_t queued() const override { return outgoing_.size() - sent_; }

  Result<std::optional<Message>> try_receive() override {
    TRY(flush());
    for (;;) {
      if (auto frame = TRY(reader_.next())) {
        if (auto message = TRY(take(std::move(*frame)))) return message;
        continue;
      }
      if (ended_) return end();
      auto n = transport_->try_read(buffer_);
      if (n && !*n) return std::nullopt;
      size_t size = n ? **n : 0;  // a reset is an end like any other: servers close sessions without ceremony
      if (size == 0) ended_ = true;
      else reader_.feed(std::string_view(buffer_).substr(0, size));
    }
  }

  Result<Message> receive(const Context& ctx) override {
    for (;;) {
      auto message = TRY(try_receive());
      if (message) return std::move(*message);
      TRY(ctx.wait_fd(fd(), events()));
    }
  }

  Result<> send(const Context& ctx, Kind kind, std::string_view message) override {
    TRY(queue(kind, message));
    while (queued()) {
      TRY(ctx.wait_fd(fd(), transport_->write_events()));
      TRY(flush());
    }
    return {};
  }

  Result<> queue(Kind kind, std::string_view message) override {
    append(kind == Kind::text ? Opcode::text : Opcode::binary, message);
    return flush();
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    append(Opcode::close, http::close_payload(1000));
    Context ctx = Context::detached(seconds(1));
    while (queued() && flush() && queued()) {
      if (!ctx.wait_fd(fd(), transport_->write_events())) break;
    }
    (void)transport_->shutdown_write();
  }

 private:
  /// Frames of clients are masked; where nobody but the server can see them, with a key of zero, which costs nothing.
  void append(Opcode opcode, std::string_view payload) {
    uint32_t mask = 0;
    if (!transport_->local()) {
      std::string key = random_bytes(4);
      memcpy(&mask, key.data(), 4);
    }
    outgoing_ += http::frame_header(opcode, payload.size(), mask);
    size_t at = outgoing_.size();
    outgoing_ += payload;
    http::apply_mask(outgoing_.data() + at, payload.size(), mask);
  }

  Result<> flush() {
    while (sent_ < outgoing_.size()) {
      size_t n = TRY(transport_->try_write(std::string_view(outgoing_).substr(sent_)));
      if (n == 0) return {};
      sent_ += n;
    }
    outgoing_.clear();
    sent_ = 0;
    return {};
  }

  Result<std::optional<Message>> take(http::FrameReader::Frame frame) {
    switch (frame.opcode) {
      case Opcode::ping:
        append(Opcode::pong, frame.payload);
        TRY(flush());
        return std::nullopt;
      case Opcode::pong: return std::nullopt;
      case Opcode::close: ended_ = true; return end();
      default: return Message{frame.opcode == Opcode::text ? Kind::text : Kind::binary, std::move(frame.payload), false};
    }
  }

  std::optional<Message> end() { return Message{Kind::text, "", true}; }

  std::unique_ptr<Transport> transport_;
  http::FrameReader reader_;
  std::string buffer_;
  std::string outgoing_;
  size_t sent_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<WebSocket> open_websocket(Connection connection) { return std::make_unique<Socket>(std::move(connection)); }

}  // namespace client
