// `incus exec`: a command inside an instance, with this process' terminal or pipes.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "applets/cli/instance/common.h"
#include "applets/cli/instance/session.h"

namespace cli {
namespace {

Result<bool> is_interactive(Call& call) {
  bool yes = call.flags.on("force-interactive"), no = call.flags.on("force-noninteractive");
  std::string mode = call.flags.text("mode");
  if (yes && no) return fail(Code::invalid, "You can't pass -t and -T at the same time");
  if (mode != "auto" && (yes || no)) return fail(Code::invalid, "You can't pass -t or -T at the same time as --mode");
  if (mode != "auto" && mode != "interactive" && mode != "non-interactive") {
    return fail(Code::invalid, "Unknown terminal mode {}: use auto, interactive or non-interactive", quote(mode));
  }
  if (call.flags.on("disable-stdin")) return false;
  if (mode == "interactive" || yes) return true;
  if (mode == "non-interactive" || no) return false;
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

Result<Json> request_for(Call& call, bool interactive) {
  Json environment = Json::object();
  if (const char* term = getenv("TERM")) environment["TERM"] = term;
  for (const std::string& entry : call.flags.list("env")) {
    size_t at = entry.find('=');
    environment[entry.substr(0, at)] = at == std::string::npos ? "" : entry.substr(at + 1);
  }
  auto user = parse_uint(call.flags.text("user")), group = parse_uint(call.flags.text("group"));
  if (!user || !group) return fail(Code::invalid, "--user and --group take numeric ids");
  auto [width, height] = terminal_size(STDOUT_FILENO);
  return Json{{"command", call.args.back().texts()}, {"wait-for-websocket", true}, {"interactive", interactive}, {"environment", environment},
              {"width", width}, {"height", height}, {"record-output", false}, {"user", *user}, {"group", *group}, {"cwd", call.flags.text("cwd")}};
}

/// Opens the operation's websockets: "0" both ways for a terminal, "0", "1", "2" for pipes, and the control one.
Result<> connect(Call& call, client::Server& server, const std::string& operation, const Json& fds, int stdin_fd, Session& session) {
  auto open = [&](const char* name) { return server.operation_websocket(call.ctx, operation, fds.value(name, "")); };
  session.control = TRY(open("control"));
  if (session.interactive) {
    session.channels.push_back({TRY(open("0")), stdin_fd, STDOUT_FILENO});
    return {};
  }
  session.channels.push_back({TRY(open("0")), stdin_fd, -1});
  session.channels.push_back({TRY(open("1")), -1, STDOUT_FILENO});
  session.channels.push_back({TRY(open("2")), -1, STDERR_FILENO});
  return {};
}

Result<> run_exec(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  Session session;
  session.interactive = TRY(is_interactive(call));
  Json body = TRY(request_for(call, session.interactive));
  UniqueFd nothing(call.flags.on("disable-stdin") ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1);
  auto reply = TRY(server.query(call.ctx, http::Method::post, instance_url(call.args[0].object().text, "/exec"), api::dump_json(body)));
  const Json& fds = reply.metadata["metadata"]["fds"];
  TRY(connect(call, server, reply.operation, fds, nothing ? nothing.get() : STDIN_FILENO, session));
  TRY(run_session(call.ctx, session));
  // The control stream stays until the end: a command goes on when it has closed its outputs, and is killed when nobody controls it any more.
  api::Operation ended = TRY(server.wait_operation(call.ctx, reply.operation));
  // A command that could not be started is an error with the exit code a shell would give.
  if (ended.metadata.is_object()) call.exit_code = ended.metadata.value("return", 0);
  TRY(client::operation_result(ended));
  return {};
}

constexpr Flag kFlags[] = {{"cwd", FlagKind::text, "Folder to run in (default /root)"},
                           {"disable-stdin|n", FlagKind::boolean, "Give the command no input"},
                           {"env", FlagKind::list, "Environment variable, NAME=value (repeatable)"},
                           {"force-interactive|t", FlagKind::boolean, "Allocate a pseudo-terminal in any case"},
                           {"force-noninteractive|T", FlagKind::boolean, "Allocate none"},
                           {"group", FlagKind::text, "Numeric group to run as", "0"},
                           {"mode", FlagKind::text, "Terminal mode: auto, interactive or non-interactive", "auto"},
                           {"user", FlagKind::number, "Numeric user to run as", "0"}};
constexpr Command kExec[] = {{.path = "exec", .usage = "[<remote>:]<instance> [flags] [--] <command-line argument>...",
                              .summary = "Run commands in instances", .run = run_exec, .flags = kFlags,
                              .about = "The command is run directly, without a shell; for pipes and the like use `sh -c \"…\"`.",
                              .examples = "incus exec c1 -- sh -c 'ls /root | wc -l'"}};

}  // namespace

extern const CommandTable exec_commands = kExec;

}  // namespace cli
