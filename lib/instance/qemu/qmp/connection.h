// Lines of text both ways over a stream socket, with descriptors: what QMP is made of. Bounds for a peer that is not trusted.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/runtime.h"
#include "base/unique_fd.h"

namespace instance::qemu::qmp {

/// Cuts a stream into lines. No line is longer than the limit.
class LineSplitter {
 public:
  explicit LineSplitter(size_t limit) : limit_(limit) {}
  /// Calls `line` for each whole line (without its end; empty ones are skipped) until it says false. False: a line is too long.
  bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& line);

 private:
  size_t limit_;
  std::string partial_;
};

/// Thread-safe. A peer that sends faster than kLinesPerSecond is read from more slowly, so it can't keep an I/O thread busy.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  static constexpr size_t kMaxLine = 1 << 20;
  static constexpr size_t kMaxQueue = 1 << 20;  ///< bytes that wait for the peer
  static constexpr int kLinesPerSecond = 2000;

  struct Handlers {
    std::function<void(std::string_view)> line;    ///< on the connection's I/O thread, in order
    std::function<void(std::string_view)> closed;  ///< once: "why"
  };
  /// Takes the socket over; nothing is read before read().
  static std::shared_ptr<Connection> start(async::Runtime& runtime, UniqueFd socket, Handlers handlers);
  virtual ~Connection() = default;

  virtual void read() = 0;
  /// Sends or queues; never blocks. Descriptors go with the first byte and are duplicated where they must wait.
  /// Errors: unavailable (closed, or the queue is full), internal.
  virtual Result<> send(std::string text, const std::vector<int>& fds) = 0;
  /// From any thread; handlers.closed runs on the I/O thread.
  virtual void close(std::string_view why) = 0;
};

}  // namespace instance::qemu::qmp
