#include "http/body_stream.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/write_all.h"
#include "http/receive_file.h"

namespace http {

namespace {

constexpr uint64_t kCopied = 64 << 10;  ///< bytes of one piece that is copied through memory

}  // namespace

Result<> BodyStream::refill(const Context& ctx, size_t wanted) {
  std::string& input = connection_->link_->input;
  input.resize(std::clamp<size_t>(wanted, 4 << 10, 64 << 10));
  connection_->consumed_ = 0;
  auto n = connection_->link_->transport->read_some(ctx, input);
  input.resize(n.value_or(0));
  if (!n) return std::unexpected(std::move(n).error());
  if (*n == 0) return fail(Code::internal, "The connection was lost in the middle of the request's body");
  return {};
}

Result<size_t> BodyStream::read(const Context& ctx, std::span<char> buffer) {
  if (!connection_) return fail(Code::internal, "The request is over");
  Connection& c = *connection_;
  Transport& transport = *c.link_->transport;
  if (std::exchange(c.expects_continue_, false)) TRY(transport.write_all(ctx, "HTTP/1.1 100 Continue\r\n\r\n"));
  std::string& input = c.link_->input;
  while (!c.body_done_) {
    // No more than the caller takes, because pieces are views that do not survive this call.
    Parser::Step step = c.parser_.feed(std::string_view(input).substr(c.consumed_, buffer.size()));
    c.consumed_ += step.used;
    if (step.event == Parser::Event::error) return fail(Code::invalid, "{}", c.parser_.error());
    if (step.event == Parser::Event::end) c.body_done_ = true;
    if (step.event == Parser::Event::body) {
      memcpy(buffer.data(), step.body.data(), step.body.size());
      return step.body.size();
    }
    if (step.event == Parser::Event::more && c.consumed_ == input.size()) TRY(refill(ctx, buffer.size()));
  }
  return 0;
}

Result<uint64_t> BodyStream::move_to_file(const Context& ctx, int file, uint64_t most) {
  Connection& c = *connection_;
  Transport& transport = *c.link_->transport;
  if (!transport.plain_socket() || c.consumed_ < c.link_->input.size()) return 0;
  most = std::min(most, c.parser_.body_ahead());
  if (most == 0) return 0;
  if (!pipe_) pipe_ = TRY(sys::SplicePipe::open());
  for (;;) {
    ssize_t got = pipe_->fill(transport.fd(), most);
    if (got == 0) return fail(Code::internal, "The connection was lost in the middle of the request's body");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return fail_errno("Connection lost");
    TRY(ctx.check());
    if (got < 0) {
      TRY(ctx.wait_fd(transport.fd(), POLLIN));
      continue;
    }
    c.parser_.skip_body(static_cast<uint64_t>(got));
    TRY(pipe_->drain_to_file(file, -1));
    return static_cast<uint64_t>(got);
  }
}

Result<uint64_t> BodyStream::receive_file(const Context& ctx, int file, uint64_t most) {
  if (!connection_) return fail(Code::internal, "The request is over");
  if (uint64_t moved = TRY(move_to_file(ctx, file, most))) return moved;
  std::vector<char> buffer(std::min<uint64_t>(most, kCopied));
  size_t got = TRY(read(ctx, buffer));
  if (!write_all(file, {buffer.data(), got})) return fail_errno("Failed writing");
  return got;
}

Result<uint64_t> receive_file(const Context& ctx, Stream& body, int file, uint64_t most) {
  if (auto* stream = dynamic_cast<BodyStream*>(&body)) return stream->receive_file(ctx, file, most);
  return fail(Code::internal, "Only bodies of requests are received into files");
}

void BodyStream::relay(int fd, std::function<void()> done) {
  ::close(fd);
  done();
}

}  // namespace http
