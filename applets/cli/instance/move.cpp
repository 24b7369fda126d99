// `incus move` and `incus rename`: a rename where that is all, else the server moves the instance between pools and projects.
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/wait.h"

namespace cli {
namespace {

Result<> rename(Call& call, client::Server& server, const std::string& from, const std::string& to) {
  TRY(run_and_wait(call, server, http::Method::post, instance_url(from), Json{{"name", to}}));
  return {};
}

/// Overridden devices are sent whole: the server replaces them.
Result<Json> moved_devices(Call& call, client::Server& server, const std::string& name) {
  api::DevicesMap overrides = TRY(parse_device_overrides(call.flags.list("device")));
  if (overrides.empty()) return Json(nullptr);
  auto instance = TRY(client::decode<api::Instance>(TRY(server.get(call.ctx, instance_url(name))).metadata));
  Json devices = Json::object();
  for (const auto& [device, changes] : overrides) {
    StringMap whole = instance.expanded_devices[device];
    for (const auto& [key, value] : changes) whole[key] = value;
    devices[device] = whole;
  }
  return devices;
}

Result<> move_on_server(Call& call, client::Server& server, const std::string& from, const std::string& to) {
  Json body{{"name", to}, {"migration", true}, {"live", !call.flags.on("stateless")}, {"instance_only", call.flags.on("instance-only")},
            {"pool", call.flags.text("storage")}, {"project", call.flags.text("target-project")}, {"refresh", call.flags.on("refresh")},
            {"allow_inconsistent", call.flags.on("allow-inconsistent")}};
  StringList profiles = call.flags.list("profile");
  body["Profiles"] = profiles.empty() && !call.flags.on("no-profiles") ? Json(nullptr) : Json(profiles);
  StringMap config = TRY(parse_pairs(call.flags.list("config")));
  body["Config"] = config.empty() ? Json(nullptr) : Json(config);
  body["Devices"] = TRY(moved_devices(call, server, from));
  Progress progress("Transferring instance: {}", call.quiet());
  auto reply = TRY_CTX(server.query(call.ctx, http::Method::post, instance_url(from), api::dump_json(body)), "Migration API failure");
  if (!reply.operation.empty()) TRY_CTX(wait_for(call, server, reply.operation, &progress), "Migration operation failure");
  progress.done();
  return {};
}

bool overrides_given(Call& call) {
  return !call.flags.list("config").empty() || !call.flags.list("device").empty() || !call.flags.list("profile").empty() || call.flags.on("no-profiles");
}

Result<> run_move(Call& call) {
  const Arg &source = call.args[0], &target = call.args[1];
  client::Server server = TRY(call.server(source));
  std::string from = source.object().text, to = target.object().get();
  if (call.flags.on("refresh") && !call.flags.on("stateless")) return fail(Code::invalid, "--refresh can only be used with --stateless");
  if (source.remote != target.remote) {
    return fail(Code::unsupported, "Moving instances between servers isn't available yet: export the instance, then import it on the other server");
  }
  if (!call.flags.text("target").empty()) return fail(Code::invalid, "--target can only be used with clusters");
  bool plain = call.flags.text("storage").empty() && call.flags.text("target-project").empty();
  if (!plain) return move_on_server(call, server, from, to.empty() ? from : to);
  if (to.empty()) return fail(Code::invalid, "Can't perform local rename without a new instance name");
  if (overrides_given(call)) return fail(Code::invalid, "Can't override configuration or profiles in local rename");
  if (call.flags.on("refresh")) return fail(Code::invalid, "Can't perform an incremental transfer in local rename");
  return rename(call, server, from, to);
}

Result<> run_rename(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  return rename(call, server, call.args[0].object().text, call.args[1].text);
}

constexpr Flag kFlags[] = {{"allow-inconsistent", FlagKind::boolean, "Ignore files that change while they are copied"},
                           {"config|c", FlagKind::list, "Configuration key/value of the moved instance (repeatable)"},
                           {"device|d", FlagKind::list, "Key/value of one device, as device,key=value (repeatable)"},
                           {"instance-only", FlagKind::boolean, "Leave the snapshots behind"},
                           {"mode", FlagKind::text, "Transfer mode: pull, push or relay", "pull"},
                           {"no-profiles", FlagKind::boolean, "Take all profiles off the moved instance"},
                           {"profile|p", FlagKind::list, "Profile of the moved instance (repeatable, in order)"},
                           {"refresh", FlagKind::boolean, "Transfer in steps, so that a running instance is down for less time"},
                           {"stateless", FlagKind::boolean, "Move without the saved running state"},
                           {"storage|s", FlagKind::text, "Storage pool to move to"},
                           {"target", FlagKind::text, "Cluster member name"},
                           {"target-project", FlagKind::text, "Project to move to"}};
constexpr Command kMove[] = {{.path = "move", .usage = "[<remote>:]<instance> [<remote>:][<new instance name>]",
                              .summary = "Move instances between pools and projects, or rename them", .run = run_move, .flags = kFlags, .aliases = "mv"}};
constexpr Command kRename[] = {{.path = "rename", .usage = "[<remote>:]<instance> <new instance name>", .summary = "Rename instances", .run = run_rename}};

}  // namespace

extern const CommandTable move_commands = kMove;
extern const CommandTable rename_commands = kRename;

}  // namespace cli
