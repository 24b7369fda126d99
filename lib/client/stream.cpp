#include "client/stream.h"

#include "client/connect.h"
#include "client/exchange.h"
#include "http/socket_stream.h"

namespace client {

Result<std::shared_ptr<http::Stream>> open_stream(const Context& ctx, const Endpoint& endpoint, async::Runtime& runtime) {
  std::shared_ptr<http::TlsContext> tls;
  return http::adopt_stream(&runtime, TRY(connect(ctx, endpoint, tls)), "");
}

Result<std::shared_ptr<http::Stream>> open_stream(const Context& ctx, const Endpoint& endpoint, async::Runtime& runtime, const StreamRequest& wanted) {
  Request request{.method = wanted.method, .target = wanted.target};
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", wanted.protocol);
  if (!wanted.body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = wanted.body;
  std::shared_ptr<http::TlsContext> tls;
  Wire wire = TRY(run_upgrade(ctx, endpoint, tls, request));
  return http::adopt_stream(&runtime, std::move(wire.transport), std::move(wire.input));
}

}  // namespace client
