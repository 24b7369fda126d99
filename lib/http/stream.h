// Connections after the HTTP part: raw byte streams and websockets, over unix sockets, TLS or vsock alike.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace http {

/// A bidirectional byte stream. The blocking calls are for one worker thread at a time; relay() hands the stream to the I/O
/// threads for good. Destruction closes the connection.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Up to buffer.size() bytes; 0 at the end. Blocks. Errors: cancelled, timeout, internal (connection lost).
  virtual Result<size_t> read(const Context& ctx, std::span<char> buffer) = 0;
  /// All of `data`. Blocks. Errors as read().
  virtual Result<> write(const Context& ctx, std::string_view data) = 0;
  virtual Result<> shutdown_write() = 0;
  virtual void close() = 0;

  /// Pumps bytes both ways between this stream and a socket or pty `fd` (taken over) on the I/O threads, with bounded buffers, until
  /// both directions ended or one failed; then calls `done` once. No thread waits meanwhile.
  virtual void relay(int fd, std::function<void()> done) = 0;
};

/// A websocket (RFC 6455). Thread-safe. All callbacks run on an I/O thread and must not block; they may call send() and close().
class WebSocket : public std::enable_shared_from_this<WebSocket> {
 public:
  enum class Kind { text, binary };
  virtual ~WebSocket() = default;

  /// Starts delivering messages (before this call nothing is read). `on_close` runs exactly once, after the last message.
  virtual void start(std::function<void(Kind, std::string_view)> on_message, std::function<void()> on_close) = 0;
  /// Queues a message. False (and the connection is dropped) if more than 4 MiB are waiting: a slow peer is cut, not buffered.
  virtual bool send(Kind kind, std::string message) = 0;
  /// Sends a close frame after what is queued, then closes.
  virtual void close() = 0;

  /// fd -> binary frames until end of file (EIO of a pty counts as the end), then an empty text frame where `barrier`, then `done`.
  /// Reads only as fast as the peer takes (back pressure). Does not close `fd`. Use instead of send() for bulk data.
  virtual void pump_from(int fd, bool barrier, std::function<void()> done) = 0;
  /// binary frames -> fd until a text or close frame or a lost connection; then `done`. Instead of start(). Does not close `fd`.
  virtual void pump_to(int fd, std::function<void()> done) = 0;

  /// Blocking forms for worker threads (migration, client code); do not mix with the callbacks above.
  struct Message {
    Kind kind;
    std::string data;
    bool end = false;  ///< close frame or end of stream
  };
  virtual Result<Message> receive(const Context& ctx) = 0;
  virtual Result<> send_blocking(const Context& ctx, Kind kind, std::string_view message) = 0;
};

}  // namespace http
