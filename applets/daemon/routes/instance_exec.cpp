// POST /1.0/instances/{name}/exec: running commands (wire.md, section 5.1).
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/sessions/exec_session.h"
#include "instance/exec.h"

namespace incusd {
namespace {

using http::Method;
using http::WebSocket;

Result<Reply> exec(Call& call) {
  auto instance = TRY(find_instance(call));
  auto post = TRY(call.body<api::InstanceExecPost>());
  if (post.command.empty()) return fail(Code::invalid, "Command is missing");
  if (!instance->running()) return fail(Code::invalid, "Instance is not running");
  if (instance->status() == instance::Status::frozen) return fail(Code::invalid, "Instance is frozen");
  for (const auto& [key, value] : post.environment)
    if (key.empty() || key.contains('=') || (key + value).contains('\0')) return fail(Code::invalid, "Invalid environment variable {}", quote(key));
  core::OperationSpec spec{.type = core::OperationType::command_exec, .project = call.project,
                           .resources = {{"instances", {instance_path(instance->name())}}}, .requestor = call.identity.requestor};
  instance::lifecycle(*instance, job_of(call), "instance-exec", {{"command", post.command}});
  if (post.wait_for_websocket) post.environment = instance::exec_environment(*instance, post.environment, static_cast<int64_t>(post.user));
  auto session = std::make_shared<ExecSession>(call.daemon.runtime, instance, post);
  spec.metadata = session->metadata();
  spec.run = [session](const Context& ctx, core::Operation& operation) { return session->start(ctx, operation); };
  if (post.wait_for_websocket) {
    spec.cls = core::OperationClass::websocket;
    spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<WebSocket> socket) { return session->connect(secret, std::move(socket)); };
  }
  return accepted(call, std::move(spec));
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/exec", allow("instance", "can_exec", "name"), kProject, exec, "Runs a command in an instance"},
};

}  // namespace

extern const Routes instance_exec_routes = kRoutes;

}  // namespace incusd
