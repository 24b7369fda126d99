#include "instance/qemu/qmp/connection.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <cstring>
#include <deque>
#include <mutex>

#include "base/log.h"
#include "sys/fd_passing.h"

namespace instance::qemu::qmp {

bool LineSplitter::feed(std::string_view bytes, const std::function<bool(std::string_view)>& line) {
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > limit_) return false;
    if (end == bytes.npos) {
      partial_ += piece;
      return true;
    }
    bytes.remove_prefix(end + 1);
    std::string whole = std::exchange(partial_, {});
    whole += piece;
    if (whole.ends_with('\r')) whole.pop_back();
    if (!whole.empty() && !line(whole)) return true;
  }
  return true;
}

namespace {

using Wait = asio::posix::descriptor_base::wait_type;

struct Outgoing {
  std::string text;
  std::vector<UniqueFd> fds;
};

/// One sendmsg(2) that doesn't block. Returns how many bytes went, 0 if none can now.
Result<size_t> send_some(int socket, std::string_view text, const std::vector<int>& fds) {
  ssize_t count = sys::send_with_fds(socket, text, fds, MSG_DONTWAIT);
  if (count >= 0) return static_cast<size_t>(count);
  if (errno == EAGAIN || errno == EINTR) return size_t{0};
  return fail_errno("Failed sending to QEMU");
}

class SocketConnection : public Connection {
 public:
  SocketConnection(asio::io_context& io, UniqueFd socket, Handlers handlers)
      : descriptor_(io, socket.release()), timer_(io), handlers_(std::move(handlers)) {}

  void read() override {
    asio::post(descriptor_.get_executor(), [self = me()] { self->wait_readable(); });
  }
  Result<> send(std::string text, const std::vector<int>& fds) override;
  void close(std::string_view why) override;

 private:
  std::shared_ptr<SocketConnection> me() { return std::static_pointer_cast<SocketConnection>(shared_from_this()); }
  void wait_readable();
  void wait_writable();
  void readable();
  void flush();
  bool slow_down();

  asio::posix::stream_descriptor descriptor_;  // used on its I/O thread; its number under mutex_
  asio::steady_timer timer_;
  Handlers handlers_;
  LineSplitter lines_{kMaxLine};
  Clock::time_point second_;
  int lines_this_second_ = 0;
  std::mutex mutex_;  ///< guards what follows, and sending
  std::deque<Outgoing> queue_;
  size_t queued_ = 0;
  bool closed_ = false, closing_ = false;
};

void SocketConnection::wait_readable() {
  if (closed_) return;
  descriptor_.async_wait(Wait::wait_read, [self = me()](const asio::error_code& error) {
    if (!error) self->readable();
  });
}

/// True: enough for now; reading goes on by itself a little later.
bool SocketConnection::slow_down() {
  auto now = Clock::now();
  if (now - second_ > seconds(1)) {
    second_ = now;
    lines_this_second_ = 0;
  }
  if (lines_this_second_ < kLinesPerSecond) return false;
  timer_.expires_at(second_ + milliseconds(1001));
  timer_.async_wait([self = me()](const asio::error_code& error) {
    if (!error) self->wait_readable();
  });
  return true;
}

void SocketConnection::readable() {
  if (closed_) return;
  char buffer[16384];
  ssize_t count = recv(descriptor_.native_handle(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (count == 0) return close("QEMU has ended");
  if (count < 0) return errno == EAGAIN || errno == EINTR ? wait_readable() : close(strerror(errno));
  bool good = lines_.feed({buffer, static_cast<size_t>(count)}, [&](std::string_view line) {
    lines_this_second_++;
    handlers_.line(line);
    std::lock_guard guard(mutex_);
    return !closing_;
  });
  if (!good) return close("QEMU sent a line that is too long");
  if (!slow_down()) wait_readable();
}

Result<> SocketConnection::send(std::string text, const std::vector<int>& fds) {
  if (fds.size() > 16) return fail(Code::internal, "Too many file descriptors to send");
  std::lock_guard guard(mutex_);
  if (closing_) return fail(Code::unavailable, "The connection to QEMU is closed");
  if (queued_ + text.size() > kMaxQueue) return fail(Code::unavailable, "QEMU does not read its commands");
  size_t sent = queue_.empty() ? TRY(send_some(descriptor_.native_handle(), text, fds)) : 0;
  if (sent == text.size()) return {};
  Outgoing rest{text.substr(sent), {}};
  if (sent == 0)
    for (int fd : fds) rest.fds.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  queued_ += rest.text.size();
  queue_.push_back(std::move(rest));
  if (queue_.size() == 1) asio::post(descriptor_.get_executor(), [self = me()] { self->wait_writable(); });
  return {};
}

void SocketConnection::wait_writable() {
  if (closed_) return;
  descriptor_.async_wait(Wait::wait_write, [self = me()](const asio::error_code& error) {
    if (!error) self->flush();
  });
}

void SocketConnection::flush() {
  {
    std::lock_guard guard(mutex_);
    while (!closing_ && !queue_.empty()) {
      Outgoing& first = queue_.front();
      std::vector<int> fds;
      for (const UniqueFd& fd : first.fds) fds.push_back(fd.get());
      auto sent = send_some(descriptor_.native_handle(), first.text, fds);
      if (!sent) break;  // reading says why
      if (*sent == 0) return wait_writable();
      queued_ -= *sent;
      first.text.erase(0, *sent);
      first.fds.clear();
      if (first.text.empty()) queue_.pop_front();
    }
  }
}

void SocketConnection::close(std::string_view why) {
  {
    std::lock_guard guard(mutex_);
    if (std::exchange(closing_, true)) return;
    queue_.clear();
  }
  asio::post(descriptor_.get_executor(), [self = me(), why = std::string(why)] {
    self->closed_ = true;
    self->timer_.cancel();
    {
      std::lock_guard guard(self->mutex_);
      asio::error_code ignored;
      self->descriptor_.close(ignored);
    }
    self->handlers_.closed(why);
    self->handlers_ = {};
  });
}

}  // namespace

std::shared_ptr<Connection> Connection::start(async::Runtime& runtime, UniqueFd socket, Handlers handlers) {
  return std::make_shared<SocketConnection>(runtime.io(), std::move(socket), std::move(handlers));
}

}  // namespace instance::qemu::qmp
