// incusd: the daemon's command line, its signals and its life.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <print>

#include "applets/applet.h"
#include "applets/daemon/boot/boot.h"
#include "applets/daemon/commands.h"
#include "applets/daemon/version.h"
#include "base/log.h"

namespace incusd {
namespace {

/// Operations get this long to end after a signal, unless core.shutdown_timeout says otherwise.
constexpr std::chrono::minutes kDefaultShutdownTimeout{5};

struct Options {
  std::string group;
  std::string log_file;
  bool debug = false;
  bool verbose = false;
  bool help = false;
  bool version = false;
  StringList words;  ///< command and its arguments
};

constexpr std::string_view kHelp = R"(Usage: incusd [flags] | incusd COMMAND

The daemon that keeps and runs instances. The service manager usually starts it; `incus` talks to it.

Commands:
  activateifneeded  Start the daemon if something needs it
  shutdown          Shut down all instances, then the daemon
  version           Print the server version
  waitready         Wait until the daemon is ready

Flags:
  -d, --debug           Log everything
      --group GROUP     Group that may talk to the daemon
  -h, --help            Print this help
      --logfile PATH    Also log to this file
      --syslog          Log to the system log
      --trace TARGET    Log more about a subsystem
  -v, --verbose         Log informational messages too
      --version         Print the version)";

/// The value of `--name=value` or `--name value`; moves `at` over a separate value.
std::optional<std::string> option_value(const Args& args, size_t& at, std::string_view name) {
  const std::string& arg = args[at];
  if (arg.starts_with(name) && arg.size() > name.size() && arg[name.size()] == '=') return arg.substr(name.size() + 1);
  if (arg != name || at + 1 >= args.size()) return std::nullopt;
  return args[++at];
}

Result<Options> parse_options(const Args& args) {
  Options options;
  for (size_t at = 0; at < args.size(); at++) {
    const std::string& arg = args[at];
    if (!options.words.empty() || !arg.starts_with('-')) options.words.push_back(arg);
    else if (arg == "-d" || arg == "--debug") options.debug = true;
    else if (arg == "-v" || arg == "--verbose") options.verbose = true;
    else if (arg == "-h" || arg == "--help") options.help = true;
    else if (arg == "--version") options.version = true;
    else if (arg == "--syslog") continue;  // a service manager collects standard error
    else if (auto group = option_value(args, at, "--group")) options.group = *group;
    else if (auto file = option_value(args, at, "--logfile")) options.log_file = *file;
    else if (option_value(args, at, "--trace")) options.debug = true;
    else return fail(Code::invalid, "unknown flag: {}", arg);
  }
  return options;
}

sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGQUIT, SIGPWR, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

/// Sleeps until a signal or a request to end. Returns how to go down.
Shutdown wait_for_end(int signal_fd, Daemon& daemon) {
  for (;;) {
    pollfd fds[] = {{signal_fd, POLLIN, 0}, {daemon.end_fd.get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents) return Shutdown::daemon_only;  // what belongs to it was done by the caller
    signalfd_siginfo info{};
    if (read(signal_fd, &info, sizeof info) != sizeof info) continue;
    log_info("Received signal", {{"signal", std::to_string(info.ssi_signo)}});
    if (info.ssi_signo == SIGHUP) continue;
    return info.ssi_signo == SIGPWR ? Shutdown::with_instances : Shutdown::daemon_only;
  }
}

int fail_with(const Error& error) {
  std::println(stderr, "Error: {}", error.message());
  return 1;
}

int run_daemon(const Options& options) {
  if (geteuid() != 0) return fail_with(Error(Code::forbidden, "This must be run as root"));
  set_log_level(options.debug ? LogLevel::debug : options.verbose ? LogLevel::info : LogLevel::warning);
  if (!options.log_file.empty() && !set_log_file(options.log_file)) {
    return fail_with(Error(Code::invalid, "Cannot write log file " + quote(options.log_file)));
  }
  // Before the first thread, so that all inherit it.
  sigset_t signals = block_signals();
  UniqueFd signal_fd(signalfd(-1, &signals, SFD_CLOEXEC));
  umask(0022);
  BootOptions boot{.paths = core::Paths::from_environment(), .group = options.group, .socket_path = {}};
  if (const char* path = getenv("INCUS_SOCKET"); path && *path) boot.socket_path = path;
  async::Runtime runtime({});
  auto daemon = start_daemon(runtime, boot);
  if (!daemon) {
    log_error("Failed to start the daemon", {{"err", daemon.error().message()}});
    runtime.stop();
    return fail_with(daemon.error());
  }
  Shutdown mode = wait_for_end(signal_fd.get(), **daemon);
  auto minutes = parse_int(get_or(*(*daemon)->config.get(), "core.shutdown_timeout"));
  Context ctx = Context().with_timeout(minutes ? std::chrono::minutes(*minutes) : kDefaultShutdownTimeout);
  stop_daemon(ctx, **daemon, mode);
  runtime.stop();
  daemon->reset();
  return 0;
}

int run(const Args& args) {
  auto options = parse_options(args);
  if (!options) return fail_with(options.error());
  if (options->version) return std::println("{}", kVersion), 0;
  const StringList& words = options->words;
  std::string command = words.empty() ? "daemon" : words[0];
  if (options->help || contains(words, "--help")) return std::println("{}", kHelp), 0;
  if (command == "daemon" || command.empty()) return run_daemon(*options);
  if (command == "version") return std::println("{}", kVersion), 0;
  if (auto code = run_command(command, StringList(words.begin() + 1, words.end()))) return *code;
  return fail_with(Error(Code::invalid, "unknown command " + quote(command) + " for \"incusd\""));
}

}  // namespace
}  // namespace incusd

extern const Applet incusd_applet = {.name = "incusd", .flags = kPlain, .summary = "The daemon: keeps and runs instances", .run = incusd::run};
