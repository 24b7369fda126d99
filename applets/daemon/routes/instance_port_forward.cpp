// POST /1.0/instances/{name}/port-forward: turns the request's connection into a TCP connection made inside the instance.
#include <arpa/inet.h>
#include <netinet/in.h>

#include "api/types/instance_port_forward.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/relay.h"

namespace incusd {
namespace {

using http::Method;

bool is_address(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1 || inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

Result<Reply> port_forward(Call& call) {
  TRY(check_upgrade(call, "tcp"));
  auto post = TRY(call.body<api::InstancePortForwardPost>());
  if (post.address.empty()) post.address = "127.0.0.1";
  if (!is_address(post.address)) return fail(Code::invalid, "Invalid address {}", quote(post.address));
  if (post.port <= 0 || post.port > 65535) return fail(Code::invalid, "Invalid port {}", post.port);
  auto instance = TRY(find_instance(call));
  if (!instance->running()) return fail(Code::internal, "Failed getting instance port forward connection: Instance is not running");
  auto connection = instance->runtime()->connect_tcp(call.ctx, post.address, post.port);
  if (!connection) return fail(Code::internal, "Failed getting instance port forward connection: {}", connection.error().message());
  return relay("tcp", std::move(*connection));
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/port-forward", allow("instance", "can_connect_tcp", "name"), kProject, port_forward, "Connects to a TCP port inside an instance"},
};

}  // namespace

extern const Routes instance_port_forward_routes = kRoutes;

}  // namespace incusd
