// `incus rebuild`: a new root disk for an existing instance, from an image or empty.
#include "applets/cli/instance/common.h"

namespace cli {
namespace {

Result<> run_rebuild(Call& call) {
  const Arg& target = call.args[1];
  client::Server server = TRY(call.server(target));
  const std::string& name = target.object().text;
  auto now = TRY(server.get(call.ctx, instance_url(name)));
  bool running = call.flags.on("force") && now.metadata.value("status_code", 0) == 103;
  ChosenImage chosen;
  chosen.source.type = "none";
  if (call.args[0].branch != 0) chosen = TRY(choose_image(call, call.args[0].remote, call.args[0].object().text, target.remote));
  if (running) TRY(change_state(call, server, name, {.action = "stop", .force = true}));
  TRY(run_with_image(call, server, chosen, {instance_url(name, "/rebuild"), Json::object(), "Failed instance rebuild", "Rebuilding instance: {}"}));
  if (running) TRY(change_state(call, server, name, {.action = "start"}));
  return {};
}

constexpr Flag kFlags[] = {{"empty", FlagKind::boolean, "Leave the root disk empty"}, {"force|f", FlagKind::boolean, "Stop a running instance, and start it again"}};
constexpr Command kRebuild[] = {{.path = "rebuild", .usage = "(--empty|[<remote>:]<image>) [<remote>:]<instance>",
                                 .summary = "Wipe an instance and set it up again", .run = run_rebuild, .flags = kFlags}};

}  // namespace

extern const CommandTable rebuild_commands = kRebuild;

}  // namespace cli
