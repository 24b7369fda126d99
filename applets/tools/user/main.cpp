// incus-user: lets people who aren't administrators use a project of their own. Each connection to its socket becomes a TLS connection to
// the daemon, under a certificate that is restricted to the caller's project.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <print>
#include <thread>

#include "base/version.h"
#include "applets/applet.h"
#include "applets/tools/user/relay.h"
#include "applets/tools/user/setup.h"
#include "base/log.h"
#include "http/tls.h"

namespace incus_user {
namespace {

constexpr int kPassedFd = 3;        ///< a service manager's socket (sd_listen_fds(3))
constexpr seconds kIdle{30};        ///< a socket-activated one ends after this long without visitors
constexpr seconds kConnectTime{30};

constexpr std::string_view kHelp = R"(Usage: incus-user [flags]

Gives local users access to a restricted project of their own.

Flags:
  -d, --debug        Show debug messages
      --group GROUP  Group of the users that may connect
  -h, --help         Print this help
  -v, --verbose      Show informational messages
      --version      Print the version
)";

struct Options {
  std::string group;
  bool help = false, version = false;
};

Result<Options> parse(const Args& args) {
  Options options;
  for (size_t i = 0; i < args.size(); i++) {
    const std::string& arg = args[i];
    if (arg == "-h" || arg == "--help") options.help = true;
    else if (arg == "--version") options.version = true;
    else if (arg == "-d" || arg == "--debug") set_log_level(LogLevel::debug);
    else if (arg == "-v" || arg == "--verbose") set_log_level(LogLevel::info);
    else if (arg.starts_with("--group=")) options.group = arg.substr(8);
    else if (arg == "--group" && i + 1 < args.size()) options.group = args[++i];
    else return fail(Code::invalid, "unknown flag: {}", arg);
  }
  return options;
}

std::string state_folder() {
  const char* folder = getenv("INCUS_DIR");
  return folder && *folder ? folder : "/var/lib/incus";
}

Result<> own_socket(const std::string& path, const std::string& group) {
  if (chmod(path.c_str(), 0660) != 0) return fail_errno("Unable to set socket permissions");
  if (group.empty()) return {};
  struct group* entry = getgrnam(group.c_str());
  if (!entry) return fail(Code::invalid, "Cannot get group ID of '{}'", group);
  if (chown(path.c_str(), getuid(), entry->gr_gid) != 0) return fail_errno("Cannot change ownership on local socket");
  return {};
}

Result<UniqueFd> listen_at(const std::string& path, const std::string& group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "Socket path {} is too long", quote(path));
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("Unable to setup unix socket");
  unlink(path.c_str());
  // Bound without any access first: nobody connects before owner and mode are right.
  mode_t mask = umask(0777);
  // SAFETY: sockaddr_un is made to be passed as a socket address.
  int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  int error = errno;
  umask(mask);
  if (bound != 0) return fail_errno("Unable to setup unix socket", error);
  if (listen(fd.get(), SOMAXCONN) != 0) return fail_errno("Unable to setup unix socket");
  TRY(own_socket(path, group));
  return fd;
}

UniqueFd passed_socket() {
  const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
  if (!pid || !count || parse_int(pid) != getpid() || parse_int(count).value_or(0) != 1) return {};
  fcntl(kPassedFd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(kPassedFd);
}

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // SAFETY: as above.
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail_errno("Unable to connect to target server");
  return fd;
}

/// One visitor, from credentials to the end.
Result<> serve(Setup& setup, UniqueFd visitor) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(visitor.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return fail_errno("Unable to get user credentials");
  Context ctx = Context().with_timeout(kConnectTime);
  http::KeyPair pair = TRY_CTX(setup.user_certificate(ctx, credentials.uid), "Failed to setup new user");
  auto tls = TRY(http::TlsContext::client({.host = "", .server_certificate = TRY(setup.server_certificate()), .ca_certificate = "",
                                           .client_certificate = pair.certificate_pem, .client_key = pair.key_pem}));
  UniqueFd daemon = TRY(connect_to(setup.socket()));
  constexpr std::string_view kStartTls = "STARTTLS\n";
  if (send(daemon.get(), kStartTls.data(), kStartTls.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kStartTls.size()))
    return fail_errno("Failed to setup TLS connection to target server");
  auto right = TRY(tls->wrap(std::move(daemon)));
  TRY_CTX(right->handshake_all(ctx), "Failed TLS handshake with target server");
  auto left = http::socket_transport(std::move(visitor));
  relay(Context(), *left, *right);
  return {};
}

Result<> accept_all(Setup& setup, int listener, bool activated) {
  static std::atomic<int> visitors = 0;
  for (;;) {
    pollfd wait{listener, POLLIN, 0};
    int ready = poll(&wait, 1, activated ? static_cast<int>(milliseconds(kIdle).count()) : -1);
    if (ready == 0 && visitors == 0) return {};
    if (ready <= 0) continue;
    UniqueFd visitor(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!visitor) continue;
    ++visitors;
    std::thread([&setup, visitor = std::move(visitor)]() mutable {
      auto served = serve(setup, std::move(visitor));
      if (!served) log_error("Connection failed", {{"err", served.error().message()}});
      --visitors;
    }).detach();
  }
}

Result<> run_proxy(const Options& options) {
  if (geteuid() != 0) return fail(Code::forbidden, "This must be run as root");
  std::string folder = state_folder();
  mkdir((folder + "/users").c_str(), 0700);
  const char* socket = getenv("INCUS_SOCKET");
  Setup setup(folder, socket && *socket ? socket : folder + "/unix.socket");
  TRY_CTX(setup.prepare_server(Context()), "Unable to connect to the daemon");
  UniqueFd listener = passed_socket();
  bool activated = static_cast<bool>(listener);
  if (!activated) listener = TRY(listen_at(folder + "/unix.socket.user", options.group));
  log_info("Starting up the server");
  return accept_all(setup, listener.get(), activated);
}

int run(const Args& args) {
  auto options = parse(args);
  if (options && options->help) return std::print("{}", kHelp), 0;
  if (options && options->version) return std::println("{}", kCompatibleVersion), 0;
  auto done = options ? run_proxy(*options) : std::unexpected(options.error());
  if (done) return 0;
  std::println(stderr, "Error: {}", done.error().message());
  return 1;
}

}  // namespace
}  // namespace incus_user

extern const Applet incus_user_applet;
const Applet incus_user_applet = {.name = "incus-user", .flags = kPlain, .summary = "Gives users restricted projects of their own", .run = incus_user::run};
