// Making connections: unix sockets, TCP with both address families, proxies, TLS. Only for .cpp files of this folder.
#pragma once
#include <memory>

#include "client/client.h"
#include "http/tls.h"
#include "http/transport.h"

namespace client {

/// Connects to `endpoint`; `tls` caches the TLS settings between calls. Errors: unavailable, unauthorized, cancelled, timeout.
Result<std::shared_ptr<http::Transport>> connect(const Context& ctx, const Endpoint& endpoint, std::shared_ptr<http::TlsContext>& tls);
/// "host:port", with brackets around v6 addresses.
std::string host_port(const std::string& host, uint16_t port);

}  // namespace client
