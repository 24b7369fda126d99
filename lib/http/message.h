// HTTP requests and responses as values, shared by the server, its routes and the client.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace http {

class Stream;
class WebSocket;

enum class Method { get, put, post, patch, delete_, head, options };
std::string_view method_name(Method method);
std::optional<Method> parse_method(std::string_view name);

/// Header fields in order; names compare without case.
class Headers {
 public:
  std::string get(std::string_view name) const;  ///< the first value, or ""
  bool has(std::string_view name) const;
  void set(std::string name, std::string value);  ///< replaces all of that name
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  const auto& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Query arguments, decoded, in order; a key may stand more than once.
class Query {
 public:
  static Query parse(std::string_view text);
  std::string get(std::string_view key) const;  ///< the first value, or ""
  bool has(std::string_view key) const;
  StringList all(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// Who is at the other end of a connection. It travels beside the request, never as a header, so it can't be spoofed.
struct Peer {
  enum class Transport { unix_socket, tls, guest, vsock };
  Transport transport = Transport::unix_socket;
  std::string address;      ///< "@" for the unix socket, "ip:port" for TLS
  pid_t pid = 0;            ///< unix and guest sockets (SO_PEERCRED)
  uid_t uid = 0;
  gid_t gid = 0;
  std::string certificate;  ///< PEM of the client certificate, empty without one
  std::string fingerprint;  ///< hex SHA-256 of its DER form
  std::string local_address;  ///< the listener's address (metrics, storage buckets have their own)
};

struct Request {
  Method method = Method::get;
  std::string path;      ///< as sent, still escaped, without the query
  Query query;
  Headers headers;
  Peer peer;
  /// `{name}` parts of the route's path, decoded.
  StringMap params;
  /// The whole body, for routes that are not kLargeBody (at most 1 MiB: 413 beyond).
  std::string body;
  /// kLargeBody routes read the body from here, blocking on the worker; null otherwise.
  std::shared_ptr<Stream> stream;
  std::optional<uint64_t> content_length;

  const std::string& param(const std::string& name) const { return params.at(name); }
};

/// A route's answer. Exactly one of body, file, writer, deferred and takeover carries content.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Sent with sendfile(2) from the current offset, `file_size` bytes.
  UniqueFd file;
  uint64_t file_size = 0;
  /// Chunked: called on a worker, writes blocking; an error closes the connection without the final chunk.
  std::function<Result<>(const Context&, Stream&)> writer;
  /// The answer comes later (long polls cost no thread): called once on an I/O thread, must not block. `reply` may be called from any
  /// thread, once; it is safe to call after the peer went away. The reply may use every form of content but `deferred`.
  std::function<void(std::function<void(Response)> reply)> deferred;
  /// After `101 Switching Protocols` with `Upgrade: <upgrade_protocol>` the raw stream is handed over, on an I/O thread: must not block.
  std::string upgrade_protocol;
  std::function<void(std::shared_ptr<Stream>)> takeover;
  /// The same for websockets (the handshake is done by the server). Must not block.
  std::function<void(std::shared_ptr<WebSocket>)> websocket;
};

}  // namespace http
