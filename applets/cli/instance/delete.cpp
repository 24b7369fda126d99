// `incus delete`: instances, stopped first where --force says so.
#include "applets/cli/ask.h"
#include "applets/cli/instance/common.h"

namespace cli {
namespace {

bool confirmed(Call& call, const Arg& arg) { return confirm(std::format("Remove {} (yes/no): ", call.shown(arg))); }

Result<> delete_one(Call& call, const Arg& arg) {
  client::Server server = TRY(call.server(arg));
  const std::string& name = arg.object().text;
  if (call.flags.on("interactive") && !confirmed(call, arg)) return fail(Code::cancelled, "User aborted delete operation");
  auto reply = TRY_CTX(server.get(call.ctx, instance_url(name)), "Failed checking instance {} exists", call.shown(arg));
  int status = reply.metadata.value("status_code", 0);
  if (status != 0 && status != 102) {
    if (!call.flags.on("force")) {
      return fail(Code::invalid, "The instance {} is currently running, stop it first or pass --force", call.shown(arg));
    }
    TRY_CTX(change_state(call, server, name, {.action = "stop", .force = true}), "Stopping the instance {} failed", call.shown(arg));
    if (reply.metadata.value("ephemeral", false)) return {};
  }
  std::string project = server.project_name().empty() ? "default" : server.project_name();
  TRY_CTX(run_and_wait(call, server, http::Method::delete_, instance_url(name), nullptr), "Failed deleting instance {} in project {}",
          call.shown(arg), quote(project));
  return {};
}

/// Every one is tried; the failures are told together.
Result<> run_delete(Call& call) {
  std::string failures;
  for (const Arg& arg : call.args[0].parts) {
    auto deleted = delete_one(call, arg);
    if (!deleted) failures += (failures.empty() ? "" : "\n") + deleted.error().message();
  }
  if (!failures.empty()) return Failure(Error(Code::internal, failures));
  return {};
}

constexpr Flag kFlags[] = {{"force|f", FlagKind::boolean, "Stop running instances first"},
                           {"interactive|i", FlagKind::boolean, "Ask before each one"}};
constexpr Command kDelete[] = {{.path = "delete", .usage = "[<remote>:]<instance>...", .summary = "Delete instances and their snapshots",
                                .run = run_delete, .flags = kFlags, .aliases = "rm,remove"}};

}  // namespace

extern const CommandTable delete_commands = kDelete;

}  // namespace cli
