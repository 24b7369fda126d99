#include "applets/rescue/session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <print>

#include "api/yaml.h"
#include "applets/applet.h"
#include "base/unique_fd.h"
#include "client/api.h"
#include "sys/spawn.h"

namespace rescue {

namespace {

constexpr seconds kStart{60};  ///< the daemon has to be ready by then
constexpr seconds kEnd{60};    ///< and gone by then
constexpr milliseconds kReadyPoll{5};

/// What is left of a set-up where the machine can't have a bridge.
constexpr const char* kBarePreseed =
    R"({"storage_pools":[{"name":"default","driver":"dir"}],"profiles":[{"name":"default","devices":{"root":{"type":"disk","path":"/","pool":"default"}}}]})";

volatile sig_atomic_t shell_pid = 0;

void hang_up(int) {
  if (shell_pid > 0) kill(shell_pid, SIGHUP);
}

/// Ctrl-C is for what runs in the foreground, not for us; an end of the session is one of the shell.
void set_signals() {
  struct sigaction action = {};
  action.sa_handler = hang_up;
  for (int number : {SIGHUP, SIGTERM}) sigaction(number, &action, nullptr);
  action.sa_handler = [](int) {};
  for (int number : {SIGINT, SIGQUIT}) sigaction(number, &action, nullptr);
}

Result<> make_folders(const Session& session) {
  for (const char* name : {"/bin", "/home", "/conf"}) {
    if (mkdir((session.folder + name).c_str(), 0711) != 0 && errno != EEXIST) return fail_errno("mkdir " + session.folder + name);
  }
  for (const char* name : {"/bin/incusbox", "/bin/incus", "/bin/incusd", "/bin/incus-image"}) {
    std::string link = session.folder + name;
    unlink(link.c_str());
    if (symlink(session.program.c_str(), link.c_str()) != 0) return fail_errno("symlink " + link);
  }
  const char* path = getenv("PATH");
  setenv("PATH", (session.folder + "/bin:" + (path && *path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")).c_str(), 1);
  setenv("INCUS_DIR", (session.folder + "/incus").c_str(), 1);
  setenv("INCUS_CONF", (session.folder + "/conf").c_str(), 1);
  setenv("HOME", (session.folder + "/home").c_str(), 1);
  unsetenv("INCUS_SOCKET");
  return {};
}

/// Our own program in another role.
sys::SpawnSpec role_spec(const Session& session, const std::string& role, StringList words) {
  words.insert(words.begin(), session.folder + "/bin/" + role);
  sys::SpawnSpec spec;
  spec.argv = std::move(words);
  spec.program = "/proc/self/exe";
  return spec;
}

class Daemon {
 public:
  explicit Daemon(const Session& session) : session_(session) {}

  Result<> start() {
    UniqueFd out(open(log().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out) return fail_errno("open " + log());
    sys::SpawnSpec spec = role_spec(session_, "incusd", {});
    spec.stdout_fd = spec.stderr_fd = out.get();
    spec.new_session = true;
    child_ = TRY(sys::spawn(spec));
    Context ctx = Context().with_timeout(kStart);
    while (!server_.get(ctx, "/internal/ready")) {
      if (child_.wait(Context().with_timeout(kReadyPoll))) return fail(Code::unavailable, "The daemon did not start: {}", trim(read_file(log()).value_or("")));
      TRY_CTX(ctx.check(), "The daemon does not get ready");
    }
    return {};
  }

  /// Ends containers, networks and the daemon.
  void stop() {
    if (session_.temporary) (void)sys::run(Context().with_timeout(kEnd), role_spec(session_, "incus", {"stop", "--all", "--force"}), {.check = false});
    (void)child_.kill(SIGPWR);
    (void)child_.wait(Context().with_timeout(kEnd));
  }

  client::Server& server() { return server_; }

 private:
  std::string log() const { return session_.folder + "/incusd.log"; }
  const Session& session_;
  client::Server server_{client::Endpoint{.unix_path = session_.folder + "/incus/unix.socket"}};
  sys::Child child_;
};

Result<> init(const Session& session, const StringList& flags, const std::string& preseed) {
  StringList words{"admin", "init"};
  words.insert(words.end(), flags.begin(), flags.end());
  TRY(sys::run(Context().with_timeout(kStart), role_spec(session, "incus", words), {.input = preseed}));
  return {};
}

/// A preseed for a machine whose network can't be set up.
std::string without_networks(Json preseed) {
  preseed.erase("networks");
  if (!preseed.contains("profiles") || !preseed["profiles"].is_array()) return api::dump_json(preseed);
  for (Json& profile : preseed["profiles"]) {
    if (!profile.is_object() || !profile.contains("devices") || !profile["devices"].is_object()) continue;
    Json devices = Json::object();
    for (const auto& [name, device] : profile["devices"].items()) {
      if (!device.is_object() || device.value("type", Json()) != "nic") devices[name] = device;
    }
    profile["devices"] = std::move(devices);
  }
  return api::dump_json(preseed);
}

/// A pool, a network and the default profile, or what the bundle's preseed wants; without networks where the machine can't have them.
Result<> configure(const Context& ctx, const Session& session, client::Server& server) {
  if (!TRY(server.get(ctx, "/1.0/storage-pools")).metadata.empty()) return {};  // a folder that was used before
  const std::string& preseed = session.bundle.preseed;
  auto done = preseed.empty() ? init(session, {"--auto"}, "") : init(session, {"--preseed"}, preseed);
  if (done) return {};
  Json wanted = preseed.empty() ? TRY(api::parse_json(kBarePreseed)) : TRY(api::parse_yaml(preseed));
  bool networks = preseed.empty() || (wanted.is_object() && wanted.contains("networks"));
  if (!networks) return done;
  std::println(stderr, "incus: no network for containers: {}", done.error().message());
  return init(session, {"--preseed"}, without_networks(std::move(wanted)));
}

void tell_network(const Context& ctx, client::Server& server) {
  auto networks = server.get(ctx, "/1.0/networks?recursion=1");
  StringList names, missing;
  for (const Json& network : networks ? networks->metadata : Json()) {
    if (network.value("managed", false) && network.value("type", "") == "bridge") names.push_back(network.value("name", ""));
  }
  for (const auto& [program, what] : {std::pair{"dnsmasq", "addresses by DHCP"}, {"nft", "NAT"}}) {
    if (!sys::find_program(program)) missing.push_back(std::format("no {} ({} isn't installed)", what, program));
  }
  if (names.empty() || missing.empty()) return;
  std::println(stderr, "incus: network {}: {}; give containers static addresses, or other NICs", join(names, ", "), join(missing, ", "));
}

std::string shell_of(const Session& session) {
  if (session.prompt) return "";
  const char* own = getenv("SHELL");
  if (own && access(own, X_OK) == 0) return own;
  for (const char* name : {"bash", "sh"}) {
    if (auto path = sys::find_program(name)) return *path;
  }
  return "";
}

/// `input`: with our standard input, not with an empty one.
Result<int> run_inherited(sys::SpawnSpec spec, bool input = true) {
  spec.inherit_stdio = true;
  UniqueFd none(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input) spec.stdin_fd = none.get();
  std::fflush(nullptr);
  sys::Child child = TRY(sys::spawn(spec));
  shell_pid = child.pid();
  auto status = child.wait(Context());
  shell_pid = 0;
  return TRY(std::move(status)).shell_code();
}

Result<int> run_shell(const Session& session) {
  if (session.command.empty()) {
    std::string shell = shell_of(session);
    if (shell.empty()) return run_prompt(session);
    return run_inherited({.argv = {shell}, .cwd = "/"});
  }
  if (find_applet(session.command[0])) return run_role(session, session.command[0], StringList(session.command.begin() + 1, session.command.end()), true);
  return run_inherited({.argv = session.command, .cwd = "/"});
}

void tell_ready(const Session& session, size_t added) {
  StringList names;
  for (const imagefmt::BundleImage& image : session.bundle.images) names.insert(names.end(), image.aliases.begin(), image.aliases.end());
  double passed = std::chrono::duration<double>(Clock::now() - session.start).count();
  std::println(stderr, "incus: ready after {:.2f} s; {} images added{}{}; everything is in {}{}", passed, added, names.empty() ? "" : ": ", join(names, ", "), session.folder,
               session.temporary ? ", which goes at the end" : "");
}

}  // namespace

Result<int> run_role(const Session& session, const std::string& role, const StringList& words, bool input) { return run_inherited(role_spec(session, role, words), input); }

Result<int> run_session(const Session& session) {
  set_signals();
  TRY(make_folders(session));
  Daemon daemon(session);
  TRY(daemon.start());
  Context ctx;
  auto ready = [&]() -> Result<size_t> {
    TRY_CTX(configure(ctx, session, daemon.server()), "Cannot set the daemon up");
    return add_images(ctx, session);
  }();
  Result<int> code = 1;
  if (ready) {
    tell_network(ctx, daemon.server());
    tell_ready(session, *ready);
    code = run_shell(session);
  }
  daemon.stop();
  if (!ready) return std::unexpected(ready.error());
  return code;
}

}  // namespace rescue
