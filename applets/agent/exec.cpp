// POST /1.0/exec: commands in the machine.
#include <unistd.h>

#include "api/types/instance_exec.h"
#include "applets/agent/command.h"
#include "applets/agent/server.h"
#include "core/envelope.h"
#include "sys/pty.h"

namespace agent {
namespace {

constexpr int kNotExecutable = 126, kNotFound = 127;
/// For all websockets of a command to be connected.
constexpr seconds kConnectTime{5};

void complete(api::InstanceExecPost& post) {
  auto& environment = post.environment;
  environment.try_emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  if (access("/snap/bin", F_OK) == 0) environment["PATH"] += ":/snap/bin";
  if (post.user == 0) {
    environment.try_emplace("HOME", "/root");
    environment.try_emplace("USER", "root");
  }
  environment.try_emplace("LANG", "C.UTF-8");
  if (post.cwd.empty()) post.cwd = get_or(environment, "HOME", "/");
}

class ExecSession final : public core::CommandSession {
 public:
  ExecSession(async::Runtime& runtime, api::InstanceExecPost post) : CommandSession(runtime, std::move(post), {}, kConnectTime) {}

 private:
  Result<std::unique_ptr<core::Command>> run(const core::CommandStreams& streams) override {
    api::InstanceExecPost asked = post();
    auto command = start_command({.command = asked.command, .environment = asked.environment, .cwd = asked.cwd, .uid = static_cast<uid_t>(asked.user),
                                  .gid = static_cast<gid_t>(asked.group), .terminal = asked.interactive, .streams = streams});
    if (!command && command.error().code() == Code::not_found) failed_with(kNotFound);
    if (!command && command.error().code() == Code::forbidden) failed_with(kNotExecutable);
    return command;
  }
  Result<std::pair<UniqueFd, UniqueFd>> open_terminal() override {
    auto ends = TRY(sys::open_pty());
    api::InstanceExecPost asked = post();
    if (fchown(ends.second.get(), static_cast<uid_t>(asked.user), static_cast<gid_t>(asked.group)) != 0) return fail_errno("Failed giving the terminal away");
    return ends;
  }
  /// At the end only the exit code is left.
  void add_record(Json& last) override {
    const Json given = metadata();
    for (const auto& [name, value] : given.items()) last[name] = nullptr;
  }
};

Result<http::Response> post_exec(Call& call) {
  auto post = TRY(api::parse<api::InstanceExecPost>(call.request.body));
  if (!post.wait_for_websocket) return fail(Code::invalid, "Websockets are required for VM exec");
  complete(post);
  auto session = std::make_shared<ExecSession>(call.agent.runtime, std::move(post));
  core::OperationSpec spec{.type = core::OperationType::command_exec, .cls = core::OperationClass::websocket, .metadata = session->metadata()};
  spec.run = [session](const Context& ctx, core::Operation& operation) { return session->start(ctx, operation); };
  spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<http::WebSocket> socket) { return session->connect(secret, std::move(socket)); };
  return core::async_response(*TRY(call.agent.operations->start(std::move(spec))));
}

constexpr Route kRoutes[] = {{http::Method::post, "/1.0/exec", post_exec, "exec", "Command execution has been disabled by configuration"}};

}  // namespace

const std::span<const Route> exec_routes = kRoutes;

}  // namespace agent
