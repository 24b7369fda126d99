// Raw streams: the machine's files over SFTP, and TCP connections made from inside.
#include <netdb.h>

#include "api/json.h"
#include "api/types/instance_port_forward.h"
#include "applets/agent/server.h"
#include "base/log.h"
#include "http/plain_text.h"
#include "http/stream.h"
#include "sys/connect.h"
#include "sys/fd_passing.h"
#include "sys/sftp_server.h"

namespace agent {
namespace {

using http::Response;

constexpr seconds kConnectTime{20};

Result<Response> get_sftp(Call& call) {
  if (call.request.headers.get("Upgrade") != "sftp") return http::plain_text(400, "Missing or invalid upgrade header");
  Response response;
  response.upgrade_protocol = "sftp";
  response.takeover = [&runtime = call.agent.runtime](std::shared_ptr<http::Stream> stream) {
    auto pair = sys::socket_pair();
    if (!pair) return log_error("No socket for a file session", {{"err", pair.error().message()}});
    stream->relay(pair->second.release(), [] {});
    runtime.offload([socket = std::make_shared<UniqueFd>(std::move(pair->first))] {
      if (auto done = sys::sftp::serve(socket->get(), socket->get()); !done) log_debug("File session ended", {{"err", done.error().message()}});
    });
  };
  return response;
}

Result<UniqueFd> connect_one(const Context& ctx, const addrinfo& info) {
  UniqueFd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  TRY(sys::connect_socket(ctx, fd.get(), info.ai_addr, info.ai_addrlen));
  return fd;
}

Result<UniqueFd> connect_tcp(const Context& ctx, const std::string& address, int64_t port) {
  addrinfo hints{.ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error) return fail(Code::internal, "{}", gai_strerror(error));
  Result<UniqueFd> fd = fail(Code::internal, "no address");
  for (addrinfo* info = list; info && !fd; info = info->ai_next) fd = connect_one(ctx, *info);
  freeaddrinfo(list);
  return fd;
}

Result<Response> post_port_forward(Call& call) {
  if (call.request.headers.get("Upgrade") != "tcp") return fail(Code::invalid, "Missing or invalid upgrade header");
  auto post = TRY(api::parse<api::InstancePortForwardPost>(call.request.body));
  if (post.address.empty()) post.address = "127.0.0.1";
  if (post.port <= 0 || post.port > 65535) return fail(Code::invalid, "Invalid port {}", post.port);
  auto fd = connect_tcp(call.ctx.with_timeout(kConnectTime), post.address, post.port);
  if (!fd) return std::unexpected(std::move(fd).error().wrap(std::format("Failed connecting to {} port {}", quote(post.address), post.port)).with_code(Code::internal));
  Response response;
  response.upgrade_protocol = "tcp";
  response.takeover = [target = std::make_shared<UniqueFd>(std::move(*fd))](std::shared_ptr<http::Stream> stream) { stream->relay(target->release(), [] {}); };
  return response;
}

constexpr Route kRoutes[] = {
    {http::Method::post, "/1.0/port-forward", post_port_forward, "port-forward", "Port forwarding is disabled by configuration"},
    {http::Method::get, "/1.0/sftp", get_sftp, "files", "File transfers are disabled by configuration"},
};

}  // namespace

const std::span<const Route> stream_routes = kRoutes;

}  // namespace agent
