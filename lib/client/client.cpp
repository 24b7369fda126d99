#include "client/client.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <format>

#include "api/json.h"
#include "base/encode.h"
#include "base/write_all.h"
#include "client/connect.h"
#include "client/exchange.h"
#include "client/websocket.h"
#include "http/socket_stream.h"
#include "http/status.h"
#include "http/websocket_frame.h"

namespace client {

struct Client::Impl {
  Endpoint endpoint;
  std::shared_ptr<http::TlsContext> tls;
  std::unique_ptr<Wire> wire;

  Result<> open(const Context& ctx) {
    wire = std::make_unique<Wire>();
    wire->transport = TRY(connect(ctx, endpoint, tls));
    return {};
  }
  /// Whether the connection of the last request still stands: a server that closed it shows as readable.
  bool kept() const {
    if (!wire || !wire->reusable) return false;
    pollfd entry{wire->transport->fd(), POLLIN, 0};
    return poll(&entry, 1, 0) == 0 || wire->transport->pending();
  }
  Result<Exchange> exchange(const Context& ctx, const Request& request) {
    for (bool retry = kept();; retry = false) {
      if (!retry) TRY(open(ctx));
      Exchange result;
      auto done = run_exchange(ctx, *wire, endpoint, request, result);
      if (done) return result;
      wire.reset();
      if (!retry || result.started || done.error().code() != Code::internal) return std::unexpected(std::move(done).error());
    }
  }
};

Client::Client(Endpoint endpoint) : impl_(std::make_unique<Impl>()) { impl_->endpoint = std::move(endpoint); }
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

const Endpoint& Client::endpoint() const { return impl_->endpoint; }

Client Client::clone() const {
  Client other(impl_->endpoint);
  other.impl_->tls = impl_->tls;
  return other;
}

Result<Answer> Client::send(const Context& ctx, const Request& request) { return TRY(impl_->exchange(ctx, request)).answer; }

Result<std::unique_ptr<WebSocket>> Client::websocket(const Context& ctx, const std::string& target) {
  Request request{.target = target};
  std::string key = base64_encode(random_bytes(16));
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", key);
  Wire own = TRY(run_upgrade(ctx, impl_->endpoint, impl_->tls, request));
  return make_websocket(std::move(own.transport), std::move(own.input));
}

Result<std::shared_ptr<http::Stream>> Client::upgrade(const Context& ctx, const std::string& target, const std::string& protocol,
                                                      http::Method method, async::Runtime* runtime) {
  Request request{.method = method, .target = target};
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", protocol);
  Wire own = TRY(run_upgrade(ctx, impl_->endpoint, impl_->tls, request));
  return http::adopt_stream(runtime, std::move(own.transport), std::move(own.input));
}

Result<std::string> Client::server_certificate(const Context& ctx) {
  Endpoint blind = impl_->endpoint;
  blind.insecure = true;
  std::shared_ptr<http::TlsContext> tls;
  auto transport = std::dynamic_pointer_cast<http::TlsTransport>(TRY(connect(ctx, blind, tls)));
  if (!transport) return fail(Code::invalid, "This connection is not encrypted");
  std::string pem = transport->peer_certificate();
  if (pem.empty()) return fail(Code::unauthorized, "The server showed no certificate");
  return pem;
}

Sink sink_fd(int fd) {
  return [fd](std::string_view piece) -> Result<> {
    return write_all(fd, piece) ? Result<>() : fail_errno("Failed writing");
  };
}

Error answer_error(const Answer& answer) {
  std::string text;
  if (auto json = api::parse_json(answer.body); json && json->is_object()) {
    if (auto error = json->find("error"); error != json->end() && error->is_string()) text = error->get<std::string>();
  }
  if (text.empty()) text = std::format("The server answered {} {}", answer.status, http::reason(answer.status));
  return Error(http::code_of(answer.status), text);
}

}  // namespace client
