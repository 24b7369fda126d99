#include "client/exchange.h"

namespace client {
namespace {

constexpr size_t kBuffer = 256 << 10;
/// Bodies without a sink are JSON: more than this is no honest answer.
constexpr size_t kMaxBody = 512 << 20;

std::string host_header(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix.socket";
  std::string host = endpoint.host.contains(':') ? "[" + endpoint.host + "]" : endpoint.host;
  uint16_t usual = endpoint.tls ? 443 : 80;
  return endpoint.port == usual ? host : std::format("{}:{}", host, endpoint.port);
}

std::string head_of(const Endpoint& endpoint, const Request& request) {
  bool through_proxy = !endpoint.proxy.empty() && !endpoint.tls && endpoint.unix_path.empty();
  std::string head = std::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", http::method_name(request.method),
                                 through_proxy ? "http://" + host_header(endpoint) : "", request.target, host_header(endpoint));
  auto add = [&](std::string_view name, std::string_view value) { head += std::format("{}: {}\r\n", name, value); };
  for (const auto& [name, value] : endpoint.headers) {
    if (!request.headers.has(name)) add(name, value);
  }
  if (!endpoint.bearer_token.empty()) add("Authorization", "Bearer " + endpoint.bearer_token);
  for (const auto& [name, value] : request.headers.fields()) add(name, value);
  if (request.upload && request.upload->size) add("Content-Length", std::to_string(*request.upload->size));
  else if (request.upload) add("Transfer-Encoding", "chunked");
  else if (!request.body.empty() || request.method == http::Method::post || request.method == http::Method::put) {
    add("Content-Length", std::to_string(request.body.size()));
  }
  return head + "\r\n";
}

Result<> send_upload(const Context& ctx, Transport& transport, const Upload& upload) {
  std::string buffer(kBuffer, '\0');
  uint64_t left = upload.size.value_or(UINT64_MAX);
  while (left > 0) {
    size_t n = TRY(upload.read(ctx, {buffer.data(), static_cast<size_t>(std::min<uint64_t>(left, buffer.size()))}));
    if (n == 0) break;
    if (!upload.size) TRY(transport.write(ctx, std::format("{:x}\r\n", n)));
    TRY(transport.write(ctx, {buffer.data(), n}));
    if (!upload.size) TRY(transport.write(ctx, "\r\n"));
    left -= n;
  }
  if (!upload.size) return transport.write(ctx, "0\r\n\r\n");
  return left == 0 ? Result<>{} : fail(Code::internal, "The file became shorter while it was sent");
}

/// Feeds the parser from the connection, step by step.
class Reader {
 public:
  Reader(const Context& ctx, Connection& connection, bool& heard) : ctx_(ctx), connection_(connection), heard_(heard), parser_(http::Parser::Type::answer) {}

  http::Parser& parser() { return parser_; }

  Result<http::Parser::Step> step() {
    for (;;) {
      consume();
      auto step = parser_.feed(connection_.unread);  // first with nothing new: an end may be pending
      used_ = step.used;
      if (step.event == http::Parser::Event::more) {
        if (ended_ && parser_.finish()) return http::Parser::Step{.event = http::Parser::Event::end};
        if (ended_) return fail(Code::internal, "The server closed the connection");
        consume();
        TRY(fill());
      }
      if (step.event == http::Parser::Event::error) return fail(Code::internal, "Broken answer from the server: {}", parser_.error());
      if (step.event != http::Parser::Event::more) return step;
    }
  }
  /// Drops what the last step used; its body view is gone afterwards.
  void consume() { connection_.unread.erase(0, std::exchange(used_, 0)); }

 private:
  Result<> fill() {
    size_t kept = connection_.unread.size();
    connection_.unread.resize(kept + kBuffer);
    auto n = connection_.transport->read(ctx_, std::span(connection_.unread).subspan(kept));
    connection_.unread.resize(kept + (n ? *n : 0));
    if (!n) return std::unexpected(n.error());
    heard_ = heard_ || *n > 0;
    if (*n == 0) ended_ = true, connection_.reusable = false;
    return {};
  }

  const Context& ctx_;
  Connection& connection_;
  bool& heard_;
  http::Parser parser_;
  size_t used_ = 0;
  bool ended_ = false;
};

Answer answer_of(http::Parser::Head& head) {
  return {.status = head.status, .headers = std::move(head.headers), .body = "", .content_length = head.content_length};
}

Result<Answer> read_head(Reader& reader) {
  for (;;) {
    auto step = TRY(reader.step());
    if (step.event != http::Parser::Event::head) continue;
    int status = reader.parser().head().status;
    if (status >= 200 || status == 101) return answer_of(reader.parser().head());
  }
}

Result<> read_body(Reader& reader, const Request& request, Answer& answer) {
  bool to_sink = request.sink && answer.status < 300;
  for (;;) {
    auto step = TRY(reader.step());
    if (step.event == http::Parser::Event::end) break;
    if (step.event != http::Parser::Event::body) continue;
    if (to_sink) {
      TRY(request.sink(step.body));
    } else {
      if (answer.body.size() + step.body.size() > kMaxBody) return fail(Code::too_large, "The server's answer is too large");
      answer.body += step.body;
    }
  }
  reader.consume();
  return {};
}

}  // namespace

Result<> send_request(const Context& ctx, Connection& connection, const Endpoint& endpoint, const Request& request) {
  std::string head = head_of(endpoint, request);
  if (!request.upload) return connection.transport->write(ctx, head + request.body);
  TRY(connection.transport->write(ctx, head));
  return send_upload(ctx, *connection.transport, *request.upload);
}

Result<Answer> read_answer(const Context& ctx, Connection& connection, const Request& request, bool& heard) {
  Reader reader(ctx, connection, heard);
  if (request.method == http::Method::head) reader.parser().expect_no_body();
  Answer answer = TRY(read_head(reader));
  if (!reader.parser().head().keep_alive) connection.reusable = false;
  if (request.on_headers && answer.status < 300) TRY(request.on_headers(answer));
  TRY(read_body(reader, request, answer));
  return answer;
}

Result<Answer> read_upgrade_answer(const Context& ctx, Connection& connection) {
  bool heard = false;
  Reader reader(ctx, connection, heard);
  Answer answer = TRY(read_head(reader));
  reader.consume();
  if (answer.status != 101) TRY(read_body(reader, Request{}, answer));
  return answer;
}

}  // namespace client
