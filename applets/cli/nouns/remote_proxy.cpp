// `incus remote proxy`: a remote's API on a local unix socket, over connections that prove who we are.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "applets/cli/call.h"
#include "applets/cli/listener.h"
#include "async/runtime.h"
#include "client/stream.h"

namespace cli {
namespace {

Result<UniqueFd> listen_unix(const std::string& path) {
  sockaddr_un name{.sun_family = AF_UNIX};
  if (path.size() >= sizeof name.sun_path) return fail(Code::invalid, "The socket path {} is longer than {} bytes", quote(path), sizeof name.sun_path - 1);
  memcpy(name.sun_path, path.data(), path.size());
  if (unlink(path.c_str()) && errno != ENOENT) return fail_errno("Failed to delete pre-existing unix socket");
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("Unable to setup unix socket");
  mode_t before = umask(0177);
  int bound = bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name);
  umask(before);
  if (bound || listen(fd.get(), 128)) return fail_errno("Unable to setup unix socket");
  return fd;
}

Result<> run_proxy(Call& call) {
  client::Server server = TRY(call.server(call.args[0].remote));
  const std::string& path = call.args[1].text;
  TRY(server.info(call.ctx));  // an unreachable server or a refused certificate shows now
  UniqueFd listener = TRY(listen_unix(path));
  async::Runtime runtime({.io_threads = 1, .max_workers = 64});
  RelayOptions options{.problem = "Connection to the remote failed", .idle = std::chrono::seconds(call.flags.number("timeout"))};
  auto ended = relay_connections(runtime, listener.get(), options, [&] { return client::open_stream(call.ctx, server.endpoint(), runtime); });
  unlink(path.c_str());
  runtime.stop();
  return ended;
}

constexpr Flag kFlags[] = {{"timeout", FlagKind::number, "End after this many idle seconds"}};
constexpr Command kCommands[] = {
    {.path = "remote proxy", .usage = "<remote>: <target unix socket file>", .summary = "Offer a remote's API on a local socket", .run = run_proxy, .flags = kFlags,
     .about = "Programs that speak the API without TLS, or without this client's certificate, can use the socket."},
};

}  // namespace

extern const CommandTable remote_proxy_commands = kCommands;

}  // namespace cli
