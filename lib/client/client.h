// A blocking HTTP client without threads: one connection at a time over a unix socket or TLS, with streams, websockets and upgrades.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "http/message.h"
#include "http/stream.h"

namespace async {
class Runtime;
}

namespace client {

/// Where a server listens and how both sides prove who they are.
struct Endpoint {
  std::string unix_path;           ///< set: a unix socket, nothing below matters
  std::string host;                ///< name or address without brackets
  uint16_t port = 8443;
  bool tls = true;                 ///< false: plain HTTP (downloads only)
  std::string server_certificate;  ///< PEM: the server must show exactly this one or one signed by it; empty: verified with the host's CA bundle
  std::string client_certificate;  ///< PEM, empty for none
  std::string client_key;
  std::string ca_certificate;      ///< PEM bundle trusted instead of the host's (PKI mode)
  bool insecure = false;           ///< accept any server certificate
  bool public_web = false;         ///< an ordinary web server: TLS 1.2 will do
  std::string proxy;               ///< "http://host:port"; empty: none. See proxy_for() for the environment's
  std::string bearer_token;        ///< sent as Authorization, if set
  StringMap headers;               ///< sent with every request (User-Agent, …)
};

/// Where a request body comes from. `size` unknown means chunked.
struct Upload {
  std::function<Result<size_t>(const Context&, std::span<char>)> read;  ///< 0 at the end
  std::optional<uint64_t> size;
};
/// Reads `fd` (not taken over) from its current offset; the size is known for regular files.
Upload upload_fd(int fd);

/// Takes a piece of a response body. An error ends the request with that error.
using Sink = std::function<Result<>(std::string_view)>;
/// Writes to `fd` (not taken over).
Sink sink_fd(int fd);

struct Request {
  http::Method method = http::Method::get;
  std::string target;  ///< path and query, already escaped: "/1.0/instances?recursion=1"
  http::Headers headers;
  std::string body;
  std::optional<Upload> upload;  ///< instead of body
  Sink sink;  ///< set: bodies of 2xx answers go here; bodies of others always into Answer::body
  std::function<Result<>(const struct Answer&)> on_headers;  ///< called before the body arrives (size, type, fingerprint…)
};

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  std::optional<uint64_t> content_length;
};

/// A websocket as its client holds it: blocking (http::WebSocket's receive and send_blocking) or polled by one thread over many.
/// Pings are answered inside receive calls. The callback forms (start, pump_…) are only there after http::adopt_websocket().
class WebSocket {
 public:
  using Kind = http::WebSocket::Kind;
  using Message = http::WebSocket::Message;
  virtual ~WebSocket() = default;

  /// Poll this for events(), then call try_receive() until it has nothing (TLS may hold more than poll sees).
  virtual int fd() const = 0;
  virtual short events() const = 0;
  /// The next message if one is complete: fragments are joined, control frames handled. `end` marks close frame or lost connection.
  virtual Result<std::optional<Message>> try_receive() = 0;
  /// Blocks for one message.
  virtual Result<Message> receive(const Context& ctx) = 0;
  /// Blocks until all is handed to the kernel.
  virtual Result<> send(const Context& ctx, Kind kind, std::string_view message) = 0;
  /// Queues without blocking; flush() is called by try_receive(), and events() asks for POLLOUT while something waits.
  virtual Result<> queue(Kind kind, std::string_view message) = 0;
  /// Bytes queued and not yet sent: stop reading the source above some limit.
  virtual size_t queued() const = 0;
  /// Sends a close frame (1000) and what is queued, waiting for at most a second.
  virtual void close() = 0;
  /// For the daemon: the same websocket with callbacks, pumps and pings. Before anything was received; this object is empty afterwards.
  virtual std::shared_ptr<http::WebSocket> adopt(async::Runtime& runtime) = 0;
};

/// One server. A connection is made at the first request and kept for the next; a request on a kept connection that the server
/// closed meanwhile is sent again on a new one if nothing of the answer arrived and the body can be repeated.
/// Not thread-safe: one per thread. Errors: unavailable (cannot connect), unauthorized (certificate refused, text names the remedy),
/// cancelled, timeout, internal (connection lost).
class Client {
 public:
  explicit Client(Endpoint endpoint);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  const Endpoint& endpoint() const;
  /// Any status is a success here: the caller judges it.
  Result<Answer> send(const Context& ctx, const Request& request);
  /// A new connection, upgraded. Errors: those of the answer if it was not 101 (error envelope read).
  Result<std::unique_ptr<WebSocket>> websocket(const Context& ctx, const std::string& target);
  /// `runtime`: for streams that shall be relayed (Stream::relay).
  Result<std::shared_ptr<http::Stream>> upgrade(const Context& ctx, const std::string& target, const std::string& protocol,
                                                http::Method method = http::Method::get, async::Runtime* runtime = nullptr);
  /// PEM of the certificate the server shows, unverified (to be confirmed by the user or a token).
  Result<std::string> server_certificate(const Context& ctx);
  /// A new connection like the above, for long streams that shall not occupy this one.
  Client clone() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The error an answer with status >= 400 stands for: its envelope's text (or a generic one), with the code of its status.
Error answer_error(const Answer& answer);

}  // namespace client
