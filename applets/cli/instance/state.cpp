// `incus start`, `stop`, `restart`, `pause` and `resume`.
#include <print>
#include <thread>

#include "applets/cli/instance/common.h"

namespace cli {
namespace {

/// "pause" and "resume" are the client's words; the API says freeze and unfreeze.
std::string api_action(std::string_view command) {
  if (command == "pause") return "freeze";
  if (command == "resume") return "unfreeze";
  return std::string(command);
}

bool flag_on(Call& call, std::string_view name) { return call.flags.known(name) && call.flags.on(name); }

StateChange change_for(Call& call) {
  StateChange change{.action = api_action(call.command.path), .timeout = 0};
  if (call.flags.known("timeout")) change.timeout = call.flags.number("timeout");
  change.force = flag_on(call, "force");
  change.stateful = flag_on(call, "stateful");
  return change;
}

/// Starting a frozen instance means to thaw it; a saved state is restored unless refused.
Result<> adapt_start(Call& call, client::Server& server, const std::string& name, StateChange& change) {
  auto reply = TRY(server.get(call.ctx, instance_url(name)));
  if (reply.metadata.value("status_code", 0) == 110) change.action = "unfreeze";
  else change.stateful = reply.metadata.value("stateful", false) && !flag_on(call, "stateless");
  return {};
}

Result<> change_one(Call& call, const Arg& arg) {
  client::Server server = TRY(call.server(arg));
  const std::string& name = arg.object().text;
  StateChange change = change_for(call);
  std::string console = call.flags.known("console") ? call.flags.text("console") : "";
  if (change.action == "stop" && change.force && !console.empty()) {
    return fail(Code::invalid, "--console can't be used while forcing instance shutdown");
  }
  if (change.action == "start") TRY(adapt_start(call, server, name, change));
  if (auto changed = change_state(call, server, name, change); !changed) {
    bool began = changed.error().code() == Code::internal && change.action == "start";
    if (!began) return changed;  // the log has nothing to say about it
    std::string project = server.project_name().empty() || server.project_name() == "default" ? "" : " --project " + server.project_name();
    return fail(changed.error().code(), "{}\nTry `incus info --show-log {}{}` for more info", changed.error().message(), call.shown(arg), project);
  }
  if (!console.empty() && change.action != "stop") return show_console(call, server, name, console);
  return {};
}

Result<> change_all(Call& call, const std::string& remote) {
  client::Server server = TRY(call.server(remote));
  StateChange change = change_for(call);
  Json state{{"action", change.action}, {"timeout", change.timeout}, {"force", change.force}, {"stateful", change.stateful}};
  TRY(run_and_wait(call, server, http::Method::put, "/1.0/instances", Json{{"state", state}}));
  return {};
}

/// Several instances are changed side by side, and every failure is told.
Result<> run_state(Call& call) {
  const Arg& which = call.args[0];
  if (flag_on(call, "all")) {
    StringList remotes;
    for (const Arg& part : which.parts) {
      if (!part.parts.empty() && !part.object().text.empty()) return fail(Code::invalid, "Both --all and instance name given");
      if (!part.remote.empty()) remotes.push_back(part.remote);
    }
    if (remotes.empty()) remotes.push_back(call.config.default_remote);
    for (const std::string& remote : remotes) TRY(change_all(call, remote));
    return {};
  }
  if (which.parts.size() == 1) return change_one(call, which.parts[0]);
  bool failed = false;
  for (const Arg& arg : which.parts) {
    auto changed = change_one(call, arg);
    if (changed) continue;
    failed = true;
    for (const std::string& line : split("error: " + changed.error().message(), '\n')) std::println(stderr, "{}: {}", call.shown(arg), line);
  }
  if (failed) std::println(stderr, "");
  if (failed) return fail(Code::internal, "Some instances failed to {}", call.command.path);
  return {};
}

constexpr Flag kAll{"all|a", FlagKind::boolean, "Change every instance"};
constexpr Flag kConsole{"console", FlagKind::text, "Attach to the console at once", "", "console"};
constexpr Flag kForce{"force|f", FlagKind::boolean, "Don't wait for a clean shutdown"};
constexpr Flag kTimeout{"timeout", FlagKind::number, "Seconds to wait for a clean shutdown", "-1"};
constexpr Flag kStartFlags[] = {kAll, kConsole, {"stateless", FlagKind::boolean, "Start afresh even if a state was saved"}};
constexpr Flag kStopFlags[] = {kAll, kConsole, kForce, {"stateful", FlagKind::boolean, "Save the running state"}, kTimeout};
constexpr Flag kRestartFlags[] = {kAll, kConsole, kForce, kTimeout};
constexpr Flag kPlainFlags[] = {kAll};
constexpr std::string_view kUsage = "([<remote>:]<instance>...|--all [<remote>:...])";

constexpr Command kStart[] = {{.path = "start", .usage = kUsage, .summary = "Start instances", .run = run_state, .flags = kStartFlags}};
constexpr Command kStop[] = {{.path = "stop", .usage = kUsage, .summary = "Stop instances", .run = run_state, .flags = kStopFlags}};
constexpr Command kRestart[] = {{.path = "restart", .usage = kUsage, .summary = "Stop instances and start them again", .run = run_state, .flags = kRestartFlags}};
constexpr Command kPause[] = {{.path = "pause", .usage = kUsage, .summary = "Freeze instances", .run = run_state, .flags = kPlainFlags, .aliases = "freeze"}};
constexpr Command kResume[] = {{.path = "resume", .usage = kUsage, .summary = "Thaw frozen instances", .run = run_state, .flags = kPlainFlags, .aliases = "unfreeze"}};

}  // namespace

extern const CommandTable start_commands = kStart;
extern const CommandTable stop_commands = kStop;
extern const CommandTable restart_commands = kRestart;
extern const CommandTable pause_commands = kPause;
extern const CommandTable resume_commands = kResume;

}  // namespace cli
