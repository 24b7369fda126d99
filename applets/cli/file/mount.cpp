// Mounting remote files with sshfs, or offering them to SFTP clients.
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <print>

#include "applets/cli/file/commands.h"
#include "applets/cli/file/ssh_server.h"
#include "applets/cli/listener.h"
#include "async/runtime.h"
#include "base/encode.h"
#include "client/stream.h"
#include "sys/spawn.h"

namespace cli {

namespace {

/// One end of a socket pair whose other end carries the SFTP session.
Result<UniqueFd> sftp_socket(Call& call, const FilePlace& place, async::Runtime& runtime) {
  std::string target = place.sftp + "?project=" + url_escape(place.server.project_name().empty() ? "default" : place.server.project_name());
  auto stream = TRY_CTX(client::open_stream(call.ctx, place.server.endpoint(), runtime, {.method = http::Method::get, .target = target, .protocol = "sftp"}),
                        "Failed connecting to instance SFTP");
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return fail_errno("socketpair");
  stream->relay(pair[1], [stream] {});
  return UniqueFd(pair[0]);
}

/// sshfs speaks SFTP on its standard input and output; Ctrl-C reaches it too, and makes it unmount.
Result<> mount_with_sshfs(Call& call, const FilePlace& place, const std::string& folder, const std::string& name) {
  std::string program = TRY_CTX(sys::find_program("sshfs"), "Failed starting sshfs");
  async::Runtime runtime({.io_threads = 1, .max_workers = 2});
  auto mounted = [&]() -> Result<> {
    UniqueFd socket = TRY(sftp_socket(call, place, runtime));
    sys::SpawnSpec spec{.argv = {"sshfs", "-f", "-o", "slave", std::format("incus.{}:{}", name, place.path), folder}, .program = program,
                        .stdin_fd = socket.get(), .stdout_fd = socket.get(), .stderr_fd = STDERR_FILENO};
    signal(SIGINT, [](int) {});  // a handler is not inherited, "ignore" would be
    auto child = TRY_CTX(sys::spawn(spec), "Failed starting sshfs");
    socket.reset();
    std::println("sshfs mounting \"{}{}\" on {}\nPress ctrl+c to finish", name, place.path, quote(folder));
    std::fflush(stdout);
    auto status = TRY(child.wait(call.ctx));
    if (!status.ok()) return fail(Code::internal, "sshfs failed with exit status {}", status.shell_code());
    std::println("sshfs has stopped");
    return {};
  }();
  runtime.stop();
  return mounted;
}

/// A name or password for one run: letters and digits.
std::string random_word(size_t length) {
  constexpr std::string_view kLetters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::string word;
  while (word.size() < length) {
    auto byte = static_cast<unsigned char>(random_bytes(1)[0]);
    if (byte < 256 - 256 % kLetters.size()) word += kLetters[byte % kLetters.size()];  // the rest would make some letters likelier
  }
  return word;
}

std::string peer_name(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  char host[64] = "", port[16] = "";
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0) {
    getnameinfo(reinterpret_cast<sockaddr*>(&name), size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  }
  return TcpAddress{host, static_cast<int>(parse_int(port).value_or(0))}.text();
}

void serve_client(const Context& ctx, SshClient& client, const std::string& name) {
  std::println("SSH client connected {}", quote(name));
  std::fflush(stdout);
  if (auto served = client.serve(ctx); !served) std::println(stderr, "SSH client {}: {}", quote(name), served.error().message());
  std::println("SSH client disconnected {}", quote(name));
  std::fflush(stdout);
}

/// An SSH server on a local port, until interrupted.
Result<> serve_ssh(Call& call, const FilePlace& place) {
  SshOptions options{.no_login = call.flags.on("no-auth"), .user = call.flags.text("auth-user"), .password = random_word(8), .open_sftp = nullptr};
  if (options.user.empty()) options.user = random_word(8);
  SshIdentity identity = TRY(SshIdentity::generate());
  TcpAddress address = TRY(parse_tcp_address(call.flags.text("listen").empty() ? "127.0.0.1:0" : call.flags.text("listen")));
  UniqueFd listener = TRY(listen_tcp(address));
  std::println("SSH SFTP listening on {}", address.text());
  if (options.no_login) std::println("Login without username and password");
  else std::println("Login with username {} and password {}", quote(options.user), quote(options.password));
  std::fflush(stdout);
  async::Runtime runtime({.io_threads = 1, .max_workers = 32});
  options.open_sftp = [&] { return sftp_socket(call, place, runtime); };
  for (;;) {
    int fd = accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) break;
    std::string name = peer_name(fd);
    auto client = SshClient::accept(identity, UniqueFd(fd), options);
    if (!client) std::println(stderr, "SSH client {}: {}", quote(name), client.error().message());
    else runtime.offload([&call, name, client = std::shared_ptr(std::move(*client))] { serve_client(call.ctx, *client, name); });
  }
  auto problem = fail_errno("Failed to accept incoming connection");
  runtime.stop();
  return problem;
}

}  // namespace

Result<> mount_files(Call& call, const FilePlace& place, const Arg& target, const std::string& owner, const std::string& name) {
  if (!target.skipped) {
    struct stat info;
    if (stat(target.text.c_str(), &info)) return fail_errno("stat " + target.text);
    if (!S_ISDIR(info.st_mode)) return fail(Code::invalid, "Target path must be a directory");
    return mount_with_sshfs(call, place, target.text, name);
  }
  client::Server server = place.server;
  TRY(server.get(call.ctx, owner));
  return serve_ssh(call, place);
}

}  // namespace cli
