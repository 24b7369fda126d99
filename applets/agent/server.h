// The agent's API: who may call, and which function answers.
#pragma once
#include <memory>
#include <span>

#include "applets/agent/agent.h"
#include "http/server.h"

namespace agent {

/// One request.
struct Call {
  const Context& ctx;
  Agent& agent;
  http::Request& request;
};
using Handler = Result<http::Response> (*)(Call&);

struct Route {
  http::Method method;
  std::string_view path;  ///< "/1.0/operations/{id}"
  Handler handler;
  std::string_view feature = "";  ///< that may be switched off (Agent::allows), and why it is then refused
  std::string_view refusal = "";
};

/// Serves whoever shows the certificate of server.crt. Errors: invalid (certificates), unsupported (no vsock).
Result<std::unique_ptr<http::Server>> start_server(Agent& agent);

/// GET /1.0/events, here and on /dev/incus/sock.
Result<http::Response> get_events(Call& call);

extern const std::span<const Route> exec_routes, operation_routes, stream_routes;

}  // namespace agent
