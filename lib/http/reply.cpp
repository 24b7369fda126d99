#include "http/reply.h"

#include <sys/socket.h>

#include <ctime>
#include <format>
#include <iterator>

#include "http/status.h"
#include "http/stream.h"

namespace http {

namespace {

constexpr seconds kStall{300};  // a peer that takes nothing for so long loses its connection, and the worker is free again

/// "Date: …" changes once a second; each thread keeps its own.
const std::string& date_line() {
  thread_local time_t made = 0;
  thread_local std::string line;
  time_t now = time(nullptr);
  if (now != made) {
    char text[64];
    tm parts;
    gmtime_r(&now, &parts);
    size_t n = strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    line.assign(text, n);
    made = now;
  }
  return line;
}

/// Line breaks in a value would let it add headers of its own.
void append_value(std::string& out, std::string_view value) {
  size_t start = out.size();
  out += value;
  for (size_t i = start; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  }
}

void append_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    out += name;
    out += ": ";
    append_value(out, value);
    out += "\r\n";
  }
}

bool has_no_content(int status) { return status == 204 || status == 304; }

enum class Framing { length, chunked, until_close };

void append_head(std::string& out, const Response& response, const ReplyForm& form, Framing framing, uint64_t length) {
  std::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  append_headers(out, response.headers);
  out += date_line();
  if (framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (framing == Framing::length && !has_no_content(response.status)) std::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  if (!form.keep_alive) out += "Connection: close\r\n";
  else if (form.http_1_0) out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

/// What a writer writes to. The head waits for the first byte, so that a writer that fails at once can still answer with an error.
class ChunkedStream final : public Stream {
 public:
  ChunkedStream(Transport& transport, std::string& out, Response& response, const ReplyForm& form)
      : transport_(transport), out_(out), response_(response), form_(form) {}

  Result<size_t> read(const Context&, std::span<char>) override { return fail(Code::internal, "The body of an answer cannot be read"); }
  Result<> write(const Context& ctx, std::string_view data) override {
    if (data.empty()) return {};
    begin();
    if (chunked()) std::format_to(std::back_inserter(out_), "{:x}\r\n", data.size());
    out_ += data;
    if (chunked()) out_ += "\r\n";
    return flush(ctx);
  }
  Result<> shutdown_write() override { return {}; }
  void close() override {}
  void relay(int fd, std::function<void()> done) override {
    ::close(fd);
    done();
  }

  bool begun() const { return begun_; }
  Result<> finish(const Context& ctx) {
    begin();
    if (chunked()) out_ += "0\r\n\r\n";
    return flush(ctx);
  }

 private:
  bool chunked() const { return !form_.http_1_0; }
  void begin() {
    if (begun_) return;
    begun_ = true;
    append_head(out_, response_, form_, chunked() ? Framing::chunked : Framing::until_close, 0);
  }
  Result<> flush(const Context& ctx) {
    TRY(transport_.write_all(ctx.with_timeout(kStall), out_));
    out_.clear();
    return {};
  }

  Transport& transport_;
  std::string& out_;
  Response& response_;
  const ReplyForm& form_;
  bool begun_ = false;
};

Result<> send_written(const Context& ctx, Transport& transport, std::string& out, Response& response, ReplyForm& form) {
  if (form.http_1_0) form.keep_alive = false;
  ChunkedStream stream(transport, out, response, form);
  if (form.head_only) {
    append_head(out, response, form, form.http_1_0 ? Framing::until_close : Framing::chunked, 0);
    return transport.write_all(ctx, out);
  }
  auto written = response.writer(ctx, stream);
  if (written) return stream.finish(ctx);
  if (stream.begun()) return written;  // half an answer can only be cut
  append_reply(out, error_response(written.error()), form);
  return transport.write_all(ctx, out);
}

Result<> send_file(const Context& ctx, Transport& transport, std::string& out, Response& response, ReplyForm& form) {
  append_head(out, response, form, Framing::length, response.file_size);
  TRY(transport.write_all(ctx.with_timeout(kStall), out));
  if (form.head_only) return {};
  return transport.send_file_all(ctx, response.file.get(), response.file_size);
}

}  // namespace

std::string_view append_reply_head(std::string& out, const Response& response, const ReplyForm& form) {
  append_head(out, response, form, Framing::length, response.body.size());
  return form.head_only || has_no_content(response.status) ? std::string_view() : response.body;
}

void append_reply(std::string& out, const Response& response, const ReplyForm& form) { out += append_reply_head(out, response, form); }

Result<> send_content(const Context& ctx, Transport& transport, std::string& out, Response& response, ReplyForm& form) {
  Result<> sent = response.writer ? send_written(ctx, transport, out, response, form) : send_file(ctx, transport, out, response, form);
  out.clear();
  return sent;
}

void append_open_ended(std::string& out, const Headers& extra) {
  out += "HTTP/1.1 200 OK\r\nConnection: close\r\n";
  append_headers(out, extra);
  out += "\r\n";
}

void append_switching(std::string& out, const std::string& protocol, const Headers& extra) {
  std::format_to(std::back_inserter(out), "HTTP/1.1 101 {}\r\nUpgrade: {}\r\nConnection: Upgrade\r\n", reason(101), protocol);
  append_headers(out, extra);
  out += "\r\n";
}

}  // namespace http
