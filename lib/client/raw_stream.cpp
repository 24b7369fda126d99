#include "client/raw_stream.h"

#include <sys/socket.h>

#include <thread>

namespace client {
namespace {

class RawStream : public http::Stream, public std::enable_shared_from_this<RawStream> {
 public:
  explicit RawStream(Connection connection) : transport_(std::move(connection.transport)), unread_(std::move(connection.unread)) {}

  Result<size_t> read(const Context& ctx, std::span<char> buffer) override {
    if (unread_.empty()) return transport_->read(ctx, buffer);
    size_t n = std::min(buffer.size(), unread_.size());
    unread_.copy(buffer.data(), n);
    unread_.erase(0, n);
    return n;
  }
  Result<> write(const Context& ctx, std::string_view data) override { return transport_->write(ctx, data); }
  Result<> shutdown_write() override { return transport_->shutdown_write(); }
  void close() override { shutdown(transport_->fd(), SHUT_RDWR); }

  /// The client has no I/O threads: the pump is a thread of its own.
  void relay(int fd, std::function<void()> done) override {
    UniqueFd owned(fd);
    std::thread([self = shared_from_this(), owned = std::move(owned), done = std::move(done)] {
      self->pump(owned.get());
      done();
    }).detach();
  }

 private:
  void pump(int fd) {
    Context ctx;
    std::thread outgoing([&] {
      char buffer[65536];
      for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
        if (!transport_->write(ctx, {buffer, static_cast<size_t>(n)})) break;
      }
      (void)transport_->shutdown_write();
    });
    char buffer[65536];
    for (;;) {
      auto n = read(ctx, buffer);
      if (!n || *n == 0) break;
      if (::send(fd, buffer, *n, MSG_NOSIGNAL) < 0) break;
    }
    shutdown(fd, SHUT_RDWR);
    outgoing.join();
  }

  std::unique_ptr<Transport> transport_;
  std::string unread_;
};

}  // namespace

std::shared_ptr<http::Stream> open_stream(Connection connection) { return std::make_shared<RawStream>(std::move(connection)); }

}  // namespace client
