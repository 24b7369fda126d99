#include "http/transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace http {

namespace {

/// A system call's outcome as Io. `wait`: what to poll for after EAGAIN.
Result<Io> outcome(ssize_t n, short wait, std::string_view what) {
  if (n >= 0) return Io{.bytes = static_cast<size_t>(n)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Io{.wait = wait};
  return fail_errno(what);
}

class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(UniqueFd fd) : Transport(std::move(fd)) { plain_socket_ = true; }

  Result<Io> read(std::span<char> buffer) override {
    return outcome(recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT), POLLIN, "Connection lost");
  }
  Result<Io> write(std::string_view data) override {
    return outcome(send(fd(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL), POLLOUT, "Connection lost");
  }
  Result<Io> send_file(int file, uint64_t count) override {
    set_non_blocking();
    return outcome(sendfile(fd(), file, nullptr, std::min<uint64_t>(count, 1 << 20)), POLLOUT, "Connection lost");
  }
  void shutdown_write() override { shutdown(fd(), SHUT_WR); }
};

class DescriptorTransport final : public Transport {
 public:
  explicit DescriptorTransport(UniqueFd fd) : Transport(std::move(fd)) {
    struct stat info;
    always_ready_ = fstat(this->fd(), &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
    plain_socket_ = S_ISSOCK(info.st_mode);
    set_non_blocking();
  }

  Result<Io> read(std::span<char> buffer) override {
    ssize_t n = ::read(fd(), buffer.data(), buffer.size());
    if (n < 0 && errno == EIO) return Io{};  // the last process closed the other side of the pty
    return outcome(n, POLLIN, "Failed reading");
  }
  Result<Io> write(std::string_view data) override {
    ssize_t n = plain_socket_ ? send(fd(), data.data(), data.size(), MSG_NOSIGNAL) : ::write(fd(), data.data(), data.size());
    return outcome(n, POLLOUT, "Failed writing");
  }
  void shutdown_write() override {
    if (plain_socket_) shutdown(fd(), SHUT_WR);
  }
};

}  // namespace

Result<Io> Transport::send_file(int file, uint64_t count) {
  std::array<char, 64 << 10> buffer;
  off_t before = lseek(file, 0, SEEK_CUR);
  ssize_t n = ::read(file, buffer.data(), std::min<uint64_t>(count, buffer.size()));
  if (n <= 0) return n < 0 ? Result<Io>(fail_errno("Failed reading the file")) : Io{};
  auto sent = write({buffer.data(), static_cast<size_t>(n)});
  if (sent && sent->bytes < static_cast<size_t>(n)) lseek(file, before + static_cast<off_t>(sent->bytes), SEEK_SET);
  return sent;
}

void Transport::set_non_blocking() {
  if (!non_blocking_) fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) | O_NONBLOCK);
  non_blocking_ = true;
}

void Transport::abort() { shutdown(fd(), SHUT_RDWR); }

Result<size_t> Transport::read_some(const Context& ctx, std::span<char> buffer) {
  for (;;) {
    TRY(ctx.check());
    Io io = TRY(read(buffer));
    if (!io.wait) return io.bytes;
    TRY(ctx.wait_fd(fd(), io.wait));
  }
}

Result<> Transport::write_all(const Context& ctx, std::string_view data) {
  while (!data.empty()) {
    Io io = TRY(write(data));
    data.remove_prefix(io.bytes);
    if (io.wait) TRY(ctx.wait_fd(fd(), io.wait));
  }
  return {};
}

Result<> Transport::send_file_all(const Context& ctx, int file, uint64_t count) {
  while (count > 0) {
    Io io = TRY(send_file(file, count));
    if (io.end()) return fail(Code::internal, "The file ended {} bytes early", count);
    count -= io.bytes;
    if (io.wait) TRY(ctx.wait_fd(fd(), io.wait));
  }
  return {};
}

std::shared_ptr<Transport> socket_transport(UniqueFd fd) { return std::make_shared<SocketTransport>(std::move(fd)); }
std::shared_ptr<Transport> descriptor_transport(UniqueFd fd) { return std::make_shared<DescriptorTransport>(std::move(fd)); }

}  // namespace http
