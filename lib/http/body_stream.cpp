#include "http/body_stream.h"

#include <algorithm>
#include <cstring>

namespace http {

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

void BodyStream::relay(int fd, std::function<void()> done) {
  ::close(fd);
  done();
}

}  // namespace http
