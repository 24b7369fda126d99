#include "client/client.h"

#include <sys/stat.h>
#include <unistd.h>

#include "api/json.h"
#include "base/encode.h"
#include "client/exchange.h"
#include "client/raw_stream.h"
#include "client/websocket.h"
#include "http/status.h"
#include "http/websocket_frame.h"

namespace client {

struct Client::Impl {
  Endpoint endpoint;
  std::optional<Connection> kept;

  Result<Connection> fresh(const Context& ctx) {
    return Connection{.transport = TRY(connect(ctx, endpoint)), .unread = "", .reusable = true};
  }
  Result<Answer> exchange(const Context& ctx, Connection& connection, const Request& request, bool& heard) {
    auto sent = send_request(ctx, connection, endpoint, request);
    // A server that refuses answers before it has read everything: its answer says more than the broken pipe.
    auto answer = sent || sent.error().sys_errno() ? read_answer(ctx, connection, request, heard) : Result<Answer>(std::unexpected(sent.error()));
    if (!answer && !sent) return std::unexpected(sent.error());
    return answer;
  }
  void keep(Connection connection) {
    if (connection.reusable) kept = std::move(connection);
  }
};

Client::Client(Endpoint endpoint) : impl_(std::make_unique<Impl>()) { impl_->endpoint = std::move(endpoint); }
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

const Endpoint& Client::endpoint() const { return impl_->endpoint; }
Client Client::clone() const { return Client(impl_->endpoint); }

Result<Answer> Client::send(const Context& ctx, const Request& request) {
  if (auto kept = std::exchange(impl_->kept, std::nullopt)) {
    bool heard = false;
    auto answer = impl_->exchange(ctx, *kept, request, heard);
    bool repeatable = !request.upload && !heard && ctx.check();
    if (answer) impl_->keep(std::move(*kept));
    if (answer || !repeatable) return answer;
  }
  Connection connection = TRY(impl_->fresh(ctx));
  bool heard = false;
  auto answer = impl_->exchange(ctx, connection, request, heard);
  if (answer) impl_->keep(std::move(connection));
  return answer;
}

namespace {
Result<Connection> upgraded(const Context& ctx, const Endpoint& endpoint, Request request, const std::string& protocol) {
  Connection connection{.transport = TRY(connect(ctx, endpoint)), .unread = "", .reusable = false};
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", protocol);
  TRY(send_request(ctx, connection, endpoint, request));
  Answer answer = TRY(read_upgrade_answer(ctx, connection));
  if (answer.status != 101) return std::unexpected(answer_error(answer));
  return connection;
}
}  // namespace

Result<std::unique_ptr<WebSocket>> Client::websocket(const Context& ctx, const std::string& target) {
  Request request{.target = target};
  request.headers.set("Sec-WebSocket-Version", "13");
  request.headers.set("Sec-WebSocket-Key", base64_encode(random_bytes(16)));
  return open_websocket(TRY(upgraded(ctx, impl_->endpoint, std::move(request), "websocket")));
}

Result<std::shared_ptr<http::Stream>> Client::upgrade(const Context& ctx, const std::string& target, const std::string& protocol, http::Method method) {
  Request request{.method = method, .target = target};
  return open_stream(TRY(upgraded(ctx, impl_->endpoint, std::move(request), protocol)));
}

Result<std::string> Client::server_certificate(const Context& ctx) {
  Endpoint open = impl_->endpoint;
  open.insecure = true;
  open.client_certificate.clear();
  return TRY(connect(ctx, open))->peer_certificate();
}

Upload upload_fd(int fd) {
  Upload upload;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    off_t at = lseek(fd, 0, SEEK_CUR);
    upload.size = static_cast<uint64_t>(std::max<off_t>(0, info.st_size - at));
  }
  upload.read = [fd](const Context&, std::span<char> buffer) -> Result<size_t> {
    ssize_t n;
    do n = ::read(fd, buffer.data(), buffer.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail_errno("Failed reading the file to send");
    return static_cast<size_t>(n);
  };
  return upload;
}

Sink sink_fd(int fd) {
  return [fd](std::string_view data) -> Result<> {
    while (!data.empty()) {
      ssize_t n = ::write(fd, data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno("Failed writing what was received");
      data.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  };
}

Error answer_error(const Answer& answer) {
  auto envelope = api::parse_json(answer.body);
  std::string text;
  if (envelope && envelope->is_object()) text = envelope->value("error", "");
  if (text.empty()) text = std::format("The server answered with status {}", answer.status);
  return Error(http::code_of(answer.status), text);
}

}  // namespace client
