#include "applets/daemon/commands.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <print>

#include "applets/daemon/activation.h"
#include "base/log.h"
#include "client/client.h"
#include "core/paths.h"

namespace incusd {
namespace {

constexpr milliseconds kReadyPoll{100};

client::Client local_client() {
  client::Endpoint endpoint;
  const char* socket = std::getenv("INCUS_SOCKET");
  endpoint.unix_path = socket && *socket ? socket : core::Paths::from_environment().in_var("unix.socket");
  return client::Client(std::move(endpoint));
}

Result<> ask(const Context& ctx, http::Method method, const std::string& target) {
  client::Request request;
  request.method = method;
  request.target = target;
  client::Client client = local_client();
  client::Answer answer = TRY(client.send(ctx, request));
  if (answer.status >= 400) return std::unexpected(client::answer_error(answer));
  return {};
}

struct Flags {
  int64_t timeout = 0;  ///< seconds; 0: none
  bool force = false;
};

Result<Flags> parse_flags(const StringList& args) {
  Flags flags;
  for (size_t i = 0; i < args.size(); i++) {
    std::string value;
    if (args[i] == "-f" || args[i] == "--force") {
      flags.force = true;
      continue;
    }
    if ((args[i] == "-t" || args[i] == "--timeout") && i + 1 < args.size()) value = args[++i];
    else if (args[i].starts_with("--timeout=")) value = args[i].substr(10);
    else if (args[i].starts_with("-t") && args[i].size() > 2) value = args[i].substr(2);
    else return fail(Code::invalid, "unknown argument: {}", args[i]);
    auto number = parse_int(value);
    if (!number) return fail(Code::invalid, "Invalid timeout {}: give seconds", quote(value));
    flags.timeout = *number;
  }
  return flags;
}

Context context_of(const Flags& flags) { return flags.timeout > 0 ? Context().with_timeout(seconds(flags.timeout)) : Context(); }

Result<> wait_ready(const StringList& args) {
  Flags flags = TRY(parse_flags(args));
  Context ctx = context_of(flags);
  for (;;) {
    auto ready = ask(ctx, http::Method::get, "/internal/ready");
    if (ready) return {};
    if (!ctx.sleep(kReadyPoll)) return fail(Code::timeout, "Daemon still not running after {}s timeout ({})", flags.timeout, ready.error().message());
  }
}

Result<> shut_down(const StringList& args) {
  Flags flags = TRY(parse_flags(args));
  auto done = ask(context_of(flags), http::Method::put, std::string("/internal/shutdown?force=") + (flags.force ? "true" : "false"));
  if (!done && done.error().code() == Code::timeout) return fail(Code::timeout, "Daemon still running after {}s timeout", flags.timeout);
  return done;
}

/// Any connection makes the service manager start a daemon that waits for its socket.
Result<> activate_if_needed(const StringList& args) {
  if (geteuid() != 0) return fail(Code::forbidden, "This must be run as root");
  if (contains(args, "-d") || contains(args, "--debug")) set_log_level(LogLevel::debug);
  std::string reason = TRY(activation_reason(core::Paths::from_environment()));
  if (reason.empty()) return {};
  log_debug(reason);
  return ask(Context(), http::Method::get, "/1.0");
}

}  // namespace

std::optional<int> run_command(const std::string& name, const StringList& args) {
  Result<> result;
  if (name == "waitready") result = wait_ready(args);
  else if (name == "shutdown") result = shut_down(args);
  else if (name == "activateifneeded") result = activate_if_needed(args);
  else return std::nullopt;
  if (result) return 0;
  std::println(stderr, "Error: {}", result.error().message());
  return 1;
}

}  // namespace incusd
