// The line or block that a load balancer sends before a client's own bytes, to say who the client is: the PROXY protocol, versions 1 and 2
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace http {

class Server;

struct ProxyHeader {
  enum class Kind { none, incomplete, complete, malformed } kind = Kind::none;
  size_t length = 0;    ///< complete: bytes to skip
  std::string address;  ///< complete: the client's "ip:port"; empty where the proxy speaks for itself
};
/// The longest header that is looked at.
inline constexpr size_t kMaxProxyHeader = 536;
ProxyHeader parse_proxy_header(std::string_view bytes);

/// TLS connections from hosts that `trusted` accepts may begin with such a header. Called on I/O threads; set it before the first listener.
void trust_proxies(Server& server, std::function<bool(const std::string& host)> trusted);

}  // namespace http
