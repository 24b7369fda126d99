#include "applets/agent/host.h"

#include "applets/agent/sockets.h"
#include "client/channel.h"
#include "http/tls.h"

namespace agent {
namespace {

constexpr size_t kMaxBody = 4 << 20;
constexpr seconds kTime{30};

Result<client::Channel> open(const Context& ctx, Agent& agent) {
  HostConnection host = agent.host();
  if (host.certificate.empty()) return fail(Code::unavailable, "The daemon's certificate isn't known yet");
  auto tls = TRY(http::TlsContext::client({.host = {}, .server_certificate = host.certificate, .ca_certificate = {},
                                           .client_certificate = agent.identity.certificate_pem, .client_key = agent.identity.key_pem}));
  UniqueFd fd = agent.options.host_socket.empty() ? TRY(connect_vsock(ctx, host.cid, host.port)) : TRY(connect_unix(agent.options.host_socket));
  return client::Channel::open(ctx, std::move(fd), *tls, "incus", kMaxBody);
}

}  // namespace

Result<Json> ask_host(const Context& ctx, Agent& agent, http::Method method, const std::string& path, const std::string& body) {
  Context limited = ctx.with_timeout(kTime);
  auto channel = open(limited, agent);
  if (!channel) return std::unexpected(std::move(channel).error().wrap("Failed connecting to the host over vsock").with_code(Code::internal));
  client::Request request{.method = method, .target = path};
  request.headers.add("Connection", "close");
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = body;
  auto answer = TRY(channel->send(limited, request));
  if (answer.status >= 300) return std::unexpected(client::answer_error(answer));
  Json envelope = TRY_CTX(api::parse_json(answer.body), "Failed parsing response from host");
  if (!envelope.is_object() || !envelope.contains("metadata")) return fail(Code::internal, "Failed parsing response from host: no metadata");
  return std::move(envelope["metadata"]);
}

}  // namespace agent
