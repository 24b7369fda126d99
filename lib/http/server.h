// The HTTP server: listeners, connections and the hand-over to routes. Policy (routes, auth) is given as one function.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace async {
class Runtime;
}

namespace http {

/// What the server must know about a request before it reads the body.
struct Plan {
  bool inline_ = false;      ///< run on the I/O thread: only for handlers that never block (cached or in-memory reads)
  bool large_body = false;   ///< give the body as Request::stream instead of reading it (1 MiB cap otherwise)
  std::function<Response(const Context&, Request&)> run;
};

/// Called on an I/O thread once the headers are in; fast, no I/O. `Request` has everything but the body; it may fill params.
using Planner = std::function<Plan(Request&)>;

struct TlsIdentity {
  std::string certificate_pem;
  std::string key_pem;
};

/// All listeners of one daemon. Thread-safe. stop() ends accepting, lets running requests end until the deadline, then cuts them.
class Server {
 public:
  static std::unique_ptr<Server> create(async::Runtime& runtime, Planner planner);
  virtual ~Server() = default;

  /// Takes over a bound, listening unix socket.
  virtual Result<> listen_unix(int fd, Peer::Transport transport = Peer::Transport::unix_socket) = 0;
  /// Binds "host:port" or "[v6]:port" with TLS 1.3; client certificates are asked for, never verified here (the trust store does).
  /// `name` ("core.https_address") identifies the listener for later replacement; an empty address closes it.
  virtual Result<> listen_tls(const std::string& name, const std::string& address, const TlsIdentity& identity) = 0;
  /// Addresses actually bound by `name`.
  virtual StringList addresses(const std::string& name) const = 0;
  virtual void stop(Duration grace) = 0;
};

}  // namespace http
