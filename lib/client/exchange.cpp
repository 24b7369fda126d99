#include "client/exchange.h"

#include <format>
#include <iterator>
#include <vector>

#include "client/connect.h"
#include "client/file_upload.h"

namespace client {

namespace {

using Event = http::Parser::Event;
constexpr size_t kPiece = 64 << 10;

void append_field(std::string& out, const std::string& name, std::string_view value) {
  out += name;
  out += ": ";
  for (char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  out += "\r\n";
}

std::string host_of(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix.socket";
  bool usual = endpoint.port == (endpoint.tls ? 443 : 80);
  std::string text = host_port(endpoint.host, endpoint.port);
  return usual ? text.substr(0, text.rfind(':')) : text;
}

std::string head_of(const Endpoint& endpoint, const Request& request) {
  std::string target = request.target;
  if (!endpoint.proxy.empty() && !endpoint.tls) target = std::format("http://{}{}", host_of(endpoint), target);
  std::string out = std::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method_name(request.method), target, host_of(endpoint));
  for (const auto& [name, value] : endpoint.headers) {
    if (!request.headers.has(name)) append_field(out, name, value);
  }
  if (!endpoint.bearer_token.empty()) append_field(out, "Authorization", "Bearer " + endpoint.bearer_token);
  for (const auto& [name, value] : request.headers.fields()) append_field(out, name, value);
  bool sends = request.method != http::Method::get && request.method != http::Method::head;
  if (request.upload && !request.upload->size) out += "Transfer-Encoding: chunked\r\n";
  else if (request.upload) std::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *request.upload->size);
  else if (!request.body.empty() || sends) std::format_to(std::back_inserter(out), "Content-Length: {}\r\n", request.body.size());
  return out + "\r\n";
}

/// False: the server stopped taking the body (its answer says why).
Result<bool> send_upload(const Context& ctx, http::Transport& transport, const Upload& upload) {
  if (const auto* files = upload.read.target<FileUpload>(); files && transport.plain_socket()) {
    auto sent = files->send(ctx, transport);
    if (!sent && sent.error().code() != Code::internal) return std::unexpected(std::move(sent).error());
    return sent.has_value();
  }
  std::vector<char> buffer(kPiece);
  uint64_t left = upload.size.value_or(0);
  for (;;) {
    size_t n = TRY(upload.read(ctx, buffer));
    if (upload.size && n > left) return fail(Code::internal, "The upload is longer than announced");
    left -= upload.size ? n : 0;
    if (upload.size && n == 0 && left) return fail(Code::internal, "The upload ended {} bytes early", left);
    std::string piece;
    std::string_view data(buffer.data(), n);
    if (!upload.size) {
      piece = n ? std::format("{:x}\r\n", n) : "0\r\n";
      data = piece.append(buffer.data(), n).append("\r\n");
    }
    auto sent = transport.write_all(ctx, data);
    if (!sent && sent.error().code() != Code::internal) return std::unexpected(std::move(sent).error());
    if (!sent) return false;
    if (n == 0 || (upload.size && left == 0)) return true;
  }
}

Result<> take_head(Wire& wire, const Request& request, Answer& answer) {
  http::Parser::Head& head = wire.parser.head();
  answer.status = head.status;
  answer.headers = std::move(head.headers);
  answer.content_length = head.content_length;
  if (answer.status / 100 == 2 && request.on_headers) return request.on_headers(answer);
  return {};
}

Result<> take_body(const Request& request, Answer& answer, std::string_view piece, size_t limit) {
  if (request.sink && answer.status / 100 == 2) return request.sink(piece);
  if (answer.body.size() + piece.size() > limit) return fail(Code::too_large, "The answer is larger than {} bytes", limit);
  answer.body += piece;
  return {};
}

/// One step of the answer; true when it is complete.
Result<bool> take_step(Wire& wire, const Request& request, Answer& answer, const http::Parser::Step& step, bool& interim) {
  switch (step.event) {
    case Event::head:
      interim = wire.parser.head().status / 100 == 1 && wire.parser.head().status != 101;
      if (interim) break;
      if (request.method == http::Method::head) wire.parser.expect_no_body();
      TRY(take_head(wire, request, answer));
      break;
    case Event::body: TRY(take_body(request, answer, step.body, wire.max_body)); break;
    case Event::end:
      if (!interim) return true;
      interim = false;
      break;
    case Event::error: return fail(Code::internal, "The server sent garbage: {}", wire.parser.error());
    case Event::more: break;
  }
  return false;
}

Result<> receive(const Context& ctx, Wire& wire, const Request& request, Exchange& exchange) {
  std::vector<char> buffer(kPiece);
  Receiver receiver(wire, request, exchange.answer);
  bool complete = TRY(receiver.take(""));
  while (!complete) {
    auto n = TRY(wire.transport->read_some(ctx, buffer));
    if (n == 0) return receiver.at_end();
    exchange.started = true;
    complete = TRY(receiver.take({buffer.data(), n}));
  }
  return {};
}

}  // namespace

Result<bool> Receiver::take(std::string_view piece) {
  wire_.input.append(piece);
  for (size_t used = 0;;) {
    http::Parser::Step step = wire_.parser.feed(std::string_view(wire_.input).substr(used));
    used += step.used;
    bool keep_alive = step.event == Event::end && wire_.parser.head().keep_alive;
    if (TRY(take_step(wire_, request_, answer_, step, interim_))) {
      wire_.input.erase(0, used);
      wire_.reusable = keep_alive && answer_.status != 101;
      return true;
    }
    if (step.event != Event::more) continue;
    wire_.input.clear();
    return false;
  }
}

Result<> Receiver::at_end() {
  if (wire_.parser.finish()) return {};
  return fail(Code::internal, "The server closed the connection");
}

std::string render_request(const Endpoint& endpoint, const Request& request) {
  std::string out = head_of(endpoint, request);
  return request.upload ? out : out + request.body;
}

Result<> run_exchange(const Context& ctx, Wire& wire, const Endpoint& endpoint, const Request& request, Exchange& exchange) {
  wire.reusable = false;
  TRY(wire.transport->write_all(ctx, render_request(endpoint, request)));
  bool complete = true;
  if (request.upload) {
    exchange.started = true;
    complete = TRY(send_upload(ctx, *wire.transport, *request.upload));
  }
  auto received = receive(ctx, wire, request, exchange);
  if (!complete) wire.reusable = false;
  if (!received && !complete) return std::unexpected(std::move(received).error().wrap("The server stopped reading"));
  return received;
}

Result<Wire> run_upgrade(const Context& ctx, const Endpoint& endpoint, std::shared_ptr<http::TlsContext>& tls, const Request& request) {
  Wire own;
  own.transport = TRY(connect(ctx, endpoint, tls));
  Exchange result;
  TRY(run_exchange(ctx, own, endpoint, request, result));
  if (result.answer.status != 101) return std::unexpected(answer_error(result.answer));
  return own;
}

}  // namespace client
