// Byte streams to a server that outlive one request: whole connections, and upgraded ones whose request carries a body.
#pragma once
#include <memory>
#include <string>

#include "client/client.h"

namespace client {

/// A new connection, nothing sent yet (TLS is done). Its relay() runs on `runtime`. Blocks. Errors: those of Client.
Result<std::shared_ptr<http::Stream>> open_stream(const Context& ctx, const Endpoint& endpoint, async::Runtime& runtime);

struct StreamRequest {
  http::Method method = http::Method::post;
  std::string target;    ///< path and query, escaped
  std::string protocol;  ///< of the Upgrade header
  std::string body;      ///< JSON; empty for none
};
/// A new connection, upgraded. Blocks. Errors: those of the answer if it was not 101.
Result<std::shared_ptr<http::Stream>> open_stream(const Context& ctx, const Endpoint& endpoint, async::Runtime& runtime, const StreamRequest& request);

}  // namespace client
