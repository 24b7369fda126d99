// rescue: a private daemon with a bundle's images and a shell with `incus`, in one folder and namespaces of their own. When it ends, however it ends,
// the kernel kills what it left running and drops what was mounted.
#include "applets/rescue/rescue.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <print>

#include "applets/rescue/root.h"
#include "applets/rescue/session.h"
#include "archive/remove_tree.h"
#include "base/unique_fd.h"

namespace rescue {

namespace {

constexpr std::string_view kHelp = R"(Usage: incusbox rescue [BUNDLE] [flags] [-- COMMAND...]

Starts a private daemon with the images of a bundle (incus-image bundle) and a shell in which `incus` talks to it. No network, no package and no
file of the machine is needed, and nothing is written outside of one folder. A bundle that is executed does the same with itself.

Flags:
      --dir FOLDER   Keep everything in this folder, which stays and can be used again (else a new one that goes at the end)
  -h, --help         Print this help
      --prompt       Ask for commands of the client, even where there is a shell)";

struct Options {
  std::string bundle, folder;
  StringList command;
  bool prompt = false, help = false;
};

Result<Options> parse_options(const Args& args) {
  Options options;
  for (size_t at = 0; at < args.size(); at++) {
    const std::string& arg = args[at];
    if (arg == "--") {
      options.command.assign(args.begin() + static_cast<ptrdiff_t>(at) + 1, args.end());
      break;
    }
    if (arg == "-h" || arg == "--help") options.help = true;
    else if (arg == "--prompt") options.prompt = true;
    else if (arg.starts_with("--dir=")) options.folder = arg.substr(6);
    else if (arg == "--dir" && at + 1 < args.size()) options.folder = args[++at];
    else if (arg.starts_with('-') || !options.bundle.empty()) return fail(Code::invalid, "unknown argument {}: see --help", quote(arg));
    else options.bundle = arg;
  }
  return options;
}

Result<std::string> real_path(const std::string& path) {
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved)) return fail_errno(path);
  return std::string(resolved);
}

/// This program's file. /proc may be missing.
Result<std::string> own_path(const std::string& called) {
  if (auto path = real_path("/proc/self/exe")) return path;
  return TRY_CTX(real_path(called), "Without /proc this has to be called by its path");
}

/// The folder asked for, or a new one where temporary files go.
Result<std::string> make_folder(const std::string& wanted) {
  if (!wanted.empty()) {
    if (mkdir(wanted.c_str(), 0711) != 0 && errno != EEXIST) return fail_errno("mkdir " + wanted);
    return real_path(wanted);
  }
  const char* chosen = getenv("TMPDIR");
  for (const char* base : {chosen, "/var/tmp", "/tmp", "."}) {
    std::string path = std::string(base ? base : "") + "/incus-rescue.XXXXXX";
    if (base && *base && mkdtemp(path.data())) {
      // Containers' processes have to pass through.
      if (chmod(path.c_str(), 0711) != 0) return fail_errno("chmod " + path);
      return real_path(path);
    }
  }
  return fail(Code::invalid, "There is no place for temporary files: name a folder with --dir");
}

volatile sig_atomic_t next_pid = 0;

/// Signals go on to the next process, the last of which is the shell.
void hand_signals_on() {
  struct sigaction action = {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = [](int) {
    if (next_pid > 0) kill(next_pid, SIGHUP);
  };
  for (int number : {SIGHUP, SIGTERM}) sigaction(number, &action, nullptr);
  action.sa_handler = [](int) {};
  for (int number : {SIGINT, SIGQUIT}) sigaction(number, &action, nullptr);
}

/// The exit code of `pid`; other children are reaped on the way.
int wait_for(pid_t pid) {
  next_pid = pid;
  int status = 0;
  for (pid_t ended; (ended = wait(&status)) != pid;) {
    if (ended < 0 && errno != EINTR) return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int complain(const Error& error) {
  std::println(stderr, "Error: {}", error.message());
  return 1;
}

/// As pid 1 of the namespace, in a mount namespace of its own.
int supervise(const Session& session) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (unshare(CLONE_NEWNS) != 0) return complain(Error(Code::internal, "Cannot make a mount namespace"));
  if (auto entered = enter_own_root(session.folder); !entered) return complain(entered.error().wrap("Cannot prepare the session"));
  pid_t child = fork();
  if (child != 0) return wait_for(child);
  auto code = run_session(session);
  return code ? *code : complain(code.error());
}

Result<Session> prepare(const Options& options, Clock::time_point start) {
  if (geteuid() != 0) return fail(Code::forbidden, "This has to be run as root");
  Session session{.folder = "", .program = TRY(own_path(program_invocation_name)), .bundle = {}, .bundle_path = "", .command = options.command, .prompt = options.prompt,
                  .temporary = options.folder.empty(), .start = start};
  session.bundle_path = options.bundle.empty() ? session.program : TRY(real_path(options.bundle));
  UniqueFd file(open(session.bundle_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open " + session.bundle_path);
  // The bare program has no images; everything else works.
  if (!options.bundle.empty() || imagefmt::is_bundle(file.get())) session.bundle = TRY_CTX(imagefmt::read_bundle(file.get()), "{}", session.bundle_path);
  session.folder = TRY(make_folder(options.folder));
  return session;
}

/// In a process of its own, which can't start threads any more. The exit code.
int run_in_namespaces(const Session& session) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (unshare(CLONE_NEWPID) != 0) return complain(Error(Code::internal, "Cannot make a pid namespace"));
  pid_t first = fork();
  if (first == 0) _exit(supervise(session));
  return first < 0 ? 125 : wait_for(first);
}

Result<int> rescue(const Options& options, Clock::time_point start) {
  Session session = TRY(prepare(options, start));
  hand_signals_on();
  std::fflush(nullptr);
  pid_t child = fork();
  if (child == 0) _exit(run_in_namespaces(session));
  int code = child < 0 ? 125 : wait_for(child);
  if (session.temporary) TRY_CTX(archive::remove_tree(Context(), session.folder), "Cannot remove {}", session.folder);
  return code;
}

int run(const Args& args) {
  auto start = Clock::now();
  auto options = parse_options(args);
  if (!options) return complain(options.error());
  if (options->help) return std::println("{}", kHelp), 0;
  auto code = rescue(*options, start);
  return code ? *code : complain(code.error());
}

}  // namespace

bool self_is_bundle() {
  UniqueFd self(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!self) self = UniqueFd(open(program_invocation_name, O_RDONLY | O_CLOEXEC));
  return self && imagefmt::is_bundle(self.get());
}

}  // namespace rescue

const Applet rescue_applet = {.name = "rescue", .flags = kEarly, .summary = "A private daemon and a shell from a bundle of images", .run = rescue::run};
