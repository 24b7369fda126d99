#include "client/websocket.h"

#include <poll.h>

#include <array>
#include <cstring>

#include "base/encode.h"
#include "http/socket_stream.h"
#include "http/websocket_frame.h"

namespace client {

namespace {

constexpr size_t kMaxMessage = 64 << 20;

class WebSocketImpl final : public WebSocket {
 public:
  WebSocketImpl(std::shared_ptr<http::Transport> transport, std::string leftover)
      : transport_(std::move(transport)), reader_(false, kMaxMessage), leftover_(std::move(leftover)) {
    std::string seed = random_bytes(sizeof mask_);
    memcpy(&mask_, seed.data(), sizeof mask_);
    reader_.feed(leftover_);
  }
  ~WebSocketImpl() override { close(); }

  int fd() const override { return transport_ ? transport_->fd() : -1; }
  short events() const override { return static_cast<short>(POLLIN | (queued() ? POLLOUT : 0)); }
  size_t queued() const override { return out_.size() - sent_; }

  Result<std::optional<Message>> try_receive() override {
    flush_or_drop();
    for (;;) {
      if (auto message = TRY(next())) return message;
      if (ended_ || !transport_) return end();
      std::array<char, 64 << 10> buffer;
      auto io = transport_->read(buffer);
      if (!io || io->end()) return end();
      if (io->wait) return std::nullopt;
      received_ = true;
      reader_.feed({buffer.data(), io->bytes});
    }
  }
  Result<Message> receive(const Context& ctx) override {
    for (;;) {
      if (auto message = TRY(try_receive())) return std::move(*message);
      TRY(ctx.wait_fd(fd(), events()));
    }
  }
  Result<> send(const Context& ctx, Kind kind, std::string_view message) override {
    TRY(queue(kind, message));
    while (queued()) {
      TRY(ctx.wait_fd(fd(), POLLOUT));
      TRY(flush());
    }
    return {};
  }
  Result<> queue(Kind kind, std::string_view message) override {
    append(kind == Kind::text ? http::Opcode::text : http::Opcode::binary, message);
    return flush();
  }
  void close() override {
    if (!transport_) return;
    if (!ended_) append(http::Opcode::close, http::close_payload(1000));
    Context limit = Context::detached(seconds(1));
    while (!ended_ && queued() && flush() && queued()) {
      if (!limit.wait_fd(fd(), POLLOUT)) break;
    }
    transport_.reset();
  }
  std::shared_ptr<http::WebSocket> adopt(async::Runtime& runtime) override {
    // Nothing may have been read through this object: its reader could hold half a frame.
    if (!transport_ || received_) return nullptr;
    return http::adopt_websocket(runtime, std::exchange(transport_, nullptr), std::move(leftover_), http::WebSocketRole::client);
  }

 private:
  std::optional<Message> end() {
    ended_ = true;
    return Message{Kind::binary, "", true};
  }
  Result<std::optional<Message>> next() {
    while (!ended_) {
      auto frame = TRY(reader_.next());
      if (!frame) return std::nullopt;
      switch (frame->opcode) {
        case http::Opcode::ping: append(http::Opcode::pong, frame->payload); flush_or_drop(); break;
        case http::Opcode::pong: break;
        case http::Opcode::close:
          append(http::Opcode::close, std::string_view(frame->payload).substr(0, 2));
          flush_or_drop();
          return end();
        case http::Opcode::text: return Message{Kind::text, std::move(frame->payload)};
        default: return Message{Kind::binary, std::move(frame->payload)};
      }
    }
    return std::nullopt;
  }
  void append(http::Opcode opcode, std::string_view payload) {
    mask_ = mask_ * 1664525 + 1013904223;  // seeded from the kernel; masking only guards against confused proxies
    out_ += http::frame_header(opcode, payload.size(), mask_);
    size_t at = out_.size();
    out_ += payload;
    http::apply_mask(out_.data() + at, payload.size(), mask_);
  }
  /// A peer that is gone hears nothing any more, but what it said before that is still to be read.
  void flush_or_drop() {
    if (flush()) return;
    out_.clear();
    sent_ = 0;
  }
  Result<> flush() {
    while (transport_ && sent_ < out_.size()) {
      http::Io io = TRY(transport_->write(std::string_view(out_).substr(sent_)));
      if (io.wait) return {};
      sent_ += io.bytes;
    }
    out_.clear();
    sent_ = 0;
    return {};
  }

  std::shared_ptr<http::Transport> transport_;
  http::FrameReader reader_;
  std::string leftover_;  // for adopt()
  std::string out_;
  size_t sent_ = 0;
  uint32_t mask_ = 0;
  bool received_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<WebSocket> make_websocket(std::shared_ptr<http::Transport> transport, std::string leftover) {
  return std::make_unique<WebSocketImpl>(std::move(transport), std::move(leftover));
}

}  // namespace client
