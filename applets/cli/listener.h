// A local listening socket whose connections are relayed to a server.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "http/stream.h"

namespace async {
class Runtime;
}

namespace cli {

/// "127.0.0.1:80", "[::1]:80" or "80" (then on 127.0.0.1).
struct TcpAddress {
  std::string host = "127.0.0.1";
  int port = 0;
  std::string text() const;  ///< "host:port", with brackets around v6 addresses
};
/// Errors: invalid.
Result<TcpAddress> parse_tcp_address(const std::string& text);
/// Listens; `address.port` of 0 becomes the port the system chose. Errors: invalid (no IP address), internal.
Result<UniqueFd> listen_tcp(TcpAddress& address);

struct RelayOptions {
  std::string problem;         ///< put before problems of one connection, on standard output
  std::chrono::seconds idle{}; ///< end after so long without a connection; 0: never
  std::string client = "";     ///< "NBD client": standard output says when one comes and goes; empty: it does not
  bool once = false;           ///< end with the first connection, with its problem if it has one
};
/// Accepts until idle for too long, or after one. Each connection gets the stream that `open` makes for it, on a worker of `runtime`; bytes are then
/// pumped both ways on its I/O threads. Errors: internal (accept).
Result<> relay_connections(async::Runtime& runtime, int listener, const RelayOptions& options, std::function<Result<std::shared_ptr<http::Stream>>()> open);

}  // namespace cli
