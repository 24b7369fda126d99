#include "client/channel.h"

#include <array>
#include <mutex>

#include "async/runtime.h"
#include "base/encode.h"
#include "client/exchange.h"
#include "http/socket_stream.h"

namespace client {
namespace {

/// An answer in the making. The watch's callback holds it weakly: the handle owns it.
class Later : public std::enable_shared_from_this<Later> {
 public:
  Later(Wire wire, Request request, async::Runtime& runtime, Channel::Done done)
      : wire_(std::move(wire)), request_(std::move(request)), receiver_(wire_, request_, answer_), runtime_(runtime), done_(std::move(done)) {}
  ~Later() { wire_.transport->abort(); }

  void wait() {
    auto next = runtime_.when_readable(wire_.transport->fd(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->take();
    });
    std::lock_guard lock(mutex_);
    watch_.swap(next);
  }

 private:
  /// Reads what is there; one piece at a time, so that a flood doesn't keep the I/O thread from others.
  void take() {
    std::array<char, 16 << 10> buffer;
    auto io = wire_.transport->read(buffer);
    if (!io) return end(std::unexpected(std::move(io).error()));
    if (io->end()) {
      auto closed = receiver_.at_end();
      return closed ? end(std::move(answer_)) : end(std::unexpected(std::move(closed).error()));
    }
    if (io->bytes) {
      auto complete = receiver_.take({buffer.data(), io->bytes});
      if (!complete) return end(std::unexpected(std::move(complete).error()));
      if (*complete) return end(std::move(answer_));
    }
    // What TLS took from the socket already, poll doesn't see.
    if (!io->wait && wire_.transport->pending()) runtime_.offload([self = shared_from_this()] { self->take(); });
    else wait();
  }
  void end(Result<Answer> answer) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
  }

  Wire wire_;
  Request request_;
  Answer answer_;
  Receiver receiver_;
  async::Runtime& runtime_;
  Channel::Done done_;  ///< only touched by take(), which never runs twice at a time
  std::mutex mutex_;
  std::shared_ptr<async::Runtime::Watch> watch_;
};

}  // namespace

struct Channel::Impl {
  Endpoint endpoint;
  Wire wire;
};

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;

Result<Channel> Channel::open(const Context& ctx, UniqueFd socket, const http::TlsContext& tls, const std::string& name, size_t max_body) {
  auto transport = TRY(tls.wrap(std::move(socket)));
  TRY_CTX(transport->handshake_all(ctx), "{}", name);
  auto impl = std::make_unique<Impl>();
  impl->endpoint.host = name;
  impl->wire.transport = std::move(transport);
  impl->wire.max_body = max_body;
  return Channel(std::move(impl));
}

Result<Answer> Channel::send(const Context& ctx, const Request& request) {
  Exchange exchange;
  TRY(run_exchange(ctx, impl_->wire, impl_->endpoint, request, exchange));
  return std::move(exchange.answer);
}

Result<> Channel::switch_protocol(const Context& ctx, Request& request, const std::string& protocol) {
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", protocol);
  Answer answer = TRY(send(ctx, request));
  if (answer.status != 101) return std::unexpected(answer_error(answer));
  if (!iequals(answer.headers.get("Upgrade"), protocol)) return fail(Code::internal, "The server switched to another protocol than {}", protocol);
  return {};
}

Result<std::shared_ptr<http::Stream>> Channel::upgrade(const Context& ctx, Request request, const std::string& protocol, async::Runtime& runtime) && {
  TRY(switch_protocol(ctx, request, protocol));
  return http::adopt_stream(&runtime, std::move(impl_->wire.transport), std::move(impl_->wire.input));
}

Result<std::shared_ptr<http::WebSocket>> Channel::websocket(const Context& ctx, const std::string& target, async::Runtime& runtime) && {
  Request request{.target = target};
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", base64_encode(random_bytes(16)));
  TRY(switch_protocol(ctx, request, "websocket"));
  return http::adopt_websocket(runtime, std::move(impl_->wire.transport), std::move(impl_->wire.input), http::WebSocketRole::client);
}

Result<std::shared_ptr<void>> Channel::answer_later(const Context& ctx, const Request& request, async::Runtime& runtime, Done done) && {
  TRY(impl_->wire.transport->write_all(ctx, render_request(impl_->endpoint, request)));
  auto later = std::make_shared<Later>(std::move(impl_->wire), request, runtime, std::move(done));
  later->wait();
  return later;
}

}  // namespace client
