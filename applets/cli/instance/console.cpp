// `incus console`: the instance's console on this terminal, or its log.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <print>

#include "applets/cli/instance/common.h"
#include "applets/cli/instance/session.h"

namespace cli {
namespace {

constexpr char kCtrlA = 1;
constexpr int kEndChecks = 20;  // 50 ms apart

/// Ctrl+a q detaches; Ctrl+a twice sends one.
class Escape {
 public:
  bool operator()(std::string& input) {
    std::string kept;
    for (char c : input) {
      if (armed_ && c == 'q') {
        input = kept;
        return false;
      }
      if (!armed_ && c == kCtrlA) {
        armed_ = true;
        continue;
      }
      if (armed_ && c != kCtrlA) kept += kCtrlA;
      armed_ = false;
      kept += c;
    }
    input = kept;
    return true;
  }

 private:
  bool armed_ = false;
};

Result<> show_log(Call& call, client::Server& server, const std::string& name) {
  client::Request request{.target = instance_url(name, "/console"), .sink = client::sink_fd(STDOUT_FILENO)};
  TRY(server.send(call.ctx, request));
  std::println("");
  return {};
}

}  // namespace

Result<> attach_console(Call& call, client::Server& server, const std::string& name, const std::string& type, bool with_log) {
  if (type == "vga") return show_screen(call, server, name);
  auto [width, height] = terminal_size(STDOUT_FILENO);
  Json body{{"width", width}, {"height", height}, {"type", type}, {"force", call.flags.known("force") && call.flags.on("force")}};
  auto reply = TRY(server.query(call.ctx, http::Method::post, instance_url(name, "/console"), api::dump_json(body)));
  const Json fds = reply.metadata["metadata"]["fds"];
  Session session;
  session.control = TRY(server.operation_websocket(call.ctx, reply.operation, fds.value("control", "")));
  session.channels.push_back({TRY(server.operation_websocket(call.ctx, reply.operation, fds.value("0", ""))), STDIN_FILENO, STDOUT_FILENO});
  session.interactive = isatty(STDIN_FILENO);
  session.on_input = Escape();
  std::print("To detach from the console, press: <ctrl>+a q\n\r");
  if (with_log) (void)show_log(call, server, name);  // a console without a log is still a console
  std::fflush(stdout);
  TRY(run_session(call.ctx, session));
  session.channels.clear();
  session.control.reset();
  return client::operation_result(TRY(server.wait_operation(call.ctx, reply.operation)));
}

Result<> show_console(Call& call, client::Server& server, const std::string& name, const std::string& type) {
  auto attached = attach_console(call, server, name, type, true);
  if (attached) return attached;
  // What ended already can still be read; it may be about to end.
  for (int tries = 0; tries < kEndChecks; ++tries) {
    auto state = server.get(call.ctx, instance_url(name, "/state"));
    if (!state) return attached;
    if (state->metadata.value("status", "") == "Stopped") return show_log(call, server, name);
    TRY(call.ctx.sleep(milliseconds(50)));
  }
  return attached;
}

namespace {

Result<> run_console(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& name = call.args[0].object().text;
  std::string preferred = call.config.defaults.console_type, type = call.flags.text("type");
  if (!call.flags.given("type") && !preferred.empty()) type = preferred;
  if (type != "console" && type != "vga") return fail(Code::invalid, "Unknown output type {}", quote(type));
  if (!call.flags.on("show-log")) return attach_console(call, server, name, type, false);
  if (type != "console") return fail(Code::invalid, "The --show-log flag is only supported for by 'console' output type");
  return show_log(call, server, name);
}

constexpr Flag kFlags[] = {{"force|f", FlagKind::boolean, "Take the console over from another session"},
                           {"show-log", FlagKind::boolean, "Print what the console showed so far"},
                           {"type|t", FlagKind::text, "Kind of console: console or vga", "console"}};
constexpr Command kConsole[] = {{.path = "console", .usage = "[<remote>:]<instance>", .summary = "Attach to an instance's console", .run = run_console,
                                 .flags = kFlags, .about = "Ctrl+a q detaches. --show-log prints the log instead.\n"
                                          "--type=vga shows a virtual machine's screen in remote-viewer or spicy, or the program that `incus default set console_spice_command` names."}};

}  // namespace

extern const CommandTable console_commands = kConsole;

}  // namespace cli
