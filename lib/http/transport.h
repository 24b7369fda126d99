// A connected byte channel (socket, TLS over a socket, pipe or pty) that never blocks by itself: callers poll, or await readiness.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace http {

/// What one attempt moved. `wait` set: nothing could be done, poll the descriptor for these events first.
/// Neither: the end of the stream (reads).
struct Io {
  size_t bytes = 0;
  short wait = 0;
  bool end() const { return bytes == 0 && wait == 0; }
};

/// One thread may read while another writes. Closed with the last owner.
class Transport {
 public:
  virtual ~Transport() = default;
  int fd() const { return fd_.get(); }

  virtual Result<Io> read(std::span<char> buffer) = 0;
  virtual Result<Io> write(std::string_view data) = 0;
  /// Sends from `file`'s own offset; the default copies through memory.
  virtual Result<Io> send_file(int file, uint64_t count);
  /// Input that poll(2) does not see because it was already taken from the socket.
  virtual bool pending() const { return false; }
  virtual void shutdown_write() = 0;
  /// Cuts the connection in both directions: every waiter wakes up. The descriptor stays valid.
  virtual void abort();
  /// True for descriptors epoll(7) refuses (regular files): they are always ready.
  bool always_ready() const { return always_ready_; }
  /// A socket whose bytes are the stream's own, not encrypted: the kernel may move them by itself (sys::SplicePipe, sendfile(2)).
  bool plain_socket() const { return plain_socket_; }
  /// So that sendfile(2) and splice(2), which have no flag for it, do not wait.
  void set_non_blocking();

  /// Blocking forms. Errors: cancelled, timeout, internal.
  Result<size_t> read_some(const Context& ctx, std::span<char> buffer);
  Result<> write_all(const Context& ctx, std::string_view data);
  Result<> send_file_all(const Context& ctx, int file, uint64_t count);

 protected:
  explicit Transport(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  bool always_ready_ = false, plain_socket_ = false, non_blocking_ = false;
};

/// A plain connected socket.
std::shared_ptr<Transport> socket_transport(UniqueFd fd);
/// Any other descriptor (pipe, pty, file), set to non-blocking; a pty's EIO counts as the end.
std::shared_ptr<Transport> descriptor_transport(UniqueFd fd);

}  // namespace http
