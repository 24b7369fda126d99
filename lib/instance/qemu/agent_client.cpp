#include "instance/qemu/agent_client.h"

#include "api/types/instance_exec.h"
#include "async/runtime.h"
#include "base/timestamp.h"
#include "client/channel.h"
#include "http/tls.h"
#include "instance/qemu/agent_answers.h"
#include "instance/qemu/agent_exec.h"
#include "sys/fd_passing.h"

namespace instance::qemu {
namespace {

/// Answers are some KiB; one beyond this is a flood.
constexpr size_t kMaxBody = 256 << 10;
/// A guest that is alive takes the connection at once; one under emulation needs a while for the certificates.
constexpr seconds kConnectTime{10};

class AgentClientImpl final : public AgentClient {
 public:
  AgentClientImpl(async::Runtime& runtime, Dial dial, std::shared_ptr<http::TlsContext> tls)
      : runtime_(runtime), dial_(std::move(dial)), tls_(std::move(tls)) {}

  Result<> ping(const Context& ctx) override {
    TRY(call(ctx, {.target = "/1.0"}));
    return {};
  }

  Result<> advertise(const Context& ctx, const AgentConnection& connection) override {
    TRY(call(ctx, with_body(http::Method::put, "/1.0", connection.json())));
    return {};
  }

  Result<api::InstanceState> state(const Context& ctx) override { return parse_agent_state(TRY(call(ctx, {.target = "/1.0/state"}))); }

  Result<> metrics(const Context& ctx, core::MetricSet& set) override { return add_agent_metrics(TRY(call(ctx, {.target = "/1.0/metrics"})), set); }

  Result<> send_event(const Context& ctx, const std::string& type, const std::string& metadata) override {
    std::string event = std::format(R"({{"type":"{}","timestamp":"{}","metadata":{}}})", type, Timestamp::now().rfc3339(), metadata);
    TRY(call(ctx, with_body(http::Method::post, "/1.0/events", std::move(event))));
    return {};
  }

  Result<std::unique_ptr<ExecProcess>> exec(const Context& ctx, const ExecRequest& request) override {
    return start_agent_exec(ctx.with_timeout(kCallTime), runtime_, [this](const Context& inner) { return open(inner); }, request);
  }

  Result<UniqueFd> sftp(const Context& ctx) override { return stream(ctx, {.target = "/1.0/sftp"}, "sftp"); }

  Result<UniqueFd> connect_tcp(const Context& ctx, const std::string& address, int64_t port) override {
    return stream(ctx, with_body(http::Method::post, "/1.0/port-forward", api::dump_json({{"address", address}, {"port", port}})), "tcp");
  }

 private:
  static client::Request with_body(http::Method method, std::string target, std::string body) {
    client::Request request{.method = method, .target = std::move(target)};
    request.headers.add("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
  }

  Result<client::Channel> open(const Context& ctx) const {
    Context limited = ctx.with_timeout(kConnectTime);
    return client::Channel::open(limited, TRY(dial_(limited, kAgentPort)), *tls_, "agent", kMaxBody);
  }

  /// The upgraded connection, as a socket; the I/O threads pass bytes on.
  Result<UniqueFd> stream(const Context& ctx, client::Request request, const char* protocol) const {
    Context limited = ctx.with_timeout(kCallTime);
    auto stream = TRY(TRY(open(limited)).upgrade(limited, std::move(request), protocol, runtime_));
    auto [ours, theirs] = TRY(sys::socket_pair());
    stream->relay(theirs.release(), [] {});
    return std::move(ours);
  }

  /// One request on a connection of its own; gives the body of a success.
  Result<std::string> call(const Context& ctx, client::Request request) const {
    Context limited = ctx.with_timeout(kCallTime);
    request.headers.add("Connection", "close");
    auto answer = TRY(TRY(open(limited)).send(limited, request));
    if (answer.status >= 300) return std::unexpected(client::answer_error(answer));
    return std::move(answer.body);
  }

  async::Runtime& runtime_;
  const Dial dial_;
  const std::shared_ptr<http::TlsContext> tls_;
};

}  // namespace

std::string AgentConnection::json() const {
  return api::dump_json({{"cid", cid}, {"port", port}, {"certificate", certificate}, {"dev_incus", guest_api}});
}

Result<std::shared_ptr<AgentClient>> AgentClient::create(async::Runtime& runtime, Dial dial, const AgentIdentity& identity) {
  if (identity.agent_certificate.empty()) return fail(Code::invalid, "The agent's certificate is missing");
  auto tls = TRY(http::TlsContext::client({.host = {}, .server_certificate = identity.agent_certificate, .ca_certificate = {},
                                           .client_certificate = identity.client_certificate, .client_key = identity.client_key}));
  return std::make_shared<AgentClientImpl>(runtime, std::move(dial), std::move(tls));
}

}  // namespace instance::qemu
