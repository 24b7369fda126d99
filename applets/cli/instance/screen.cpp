// `incus console --type=vga`: a viewer of SPICE on this machine, which reaches the screen through a socket of ours.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <print>

#include "applets/cli/alias.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/instance/terminal.h"
#include "async/runtime.h"
#include "base/encode.h"
#include "sys/spawn.h"
#include "sys/unix_socket.h"

namespace cli {
namespace {

/// Where viewers connect; gone with this object.
struct LocalSocket {
  std::string path;
  UniqueFd fd;
  LocalSocket() = default;
  LocalSocket(LocalSocket&&) = default;
  ~LocalSocket() {
    if (fd) unlink(path.c_str());
  }
  std::string url() const { return "spice+unix://" + replace_all(path, " ", "%20"); }
};

Result<LocalSocket> listen_for_viewers() {
  std::string folder = config_folder() + "/sockets";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (chmod(folder.c_str(), 0700) != 0) return fail_errno("Failed creating " + folder);
  LocalSocket out;
  out.path = std::format("{}/{}.spice", folder, hex_encode(random_bytes(5)));
  out.fd = TRY(sys::listen_unix(out.path, 16));
  return out;
}

/// The command that the user prefers, or a viewer that is installed; none if there is none. Errors: invalid (unfinished quotes).
Result<StringList> viewer_command(const std::string& preferred, const std::string& url) {
  if (!preferred.empty()) {
    auto words = split_words(replace_all(preferred, "SOCKET", url));
    if (!words || words->empty()) return fail(Code::invalid, "Invalid command {} in console_spice_command", quote(preferred));
    return std::move(*words);
  }
  if (sys::find_program("remote-viewer")) return StringList{"remote-viewer", url};
  if (sys::find_program("spicy")) return StringList{"spicy", "--uri=" + url};
  return StringList{};
}

Result<sys::Child> start_viewer(const std::string& preferred, const std::string& url) {
  StringList command = TRY(viewer_command(preferred, url));
  if (!command.empty()) {
    sys::SpawnSpec spec{.argv = std::move(command)};
    spec.stdout_fd = STDOUT_FILENO;
    spec.stderr_fd = STDERR_FILENO;
    return TRY_CTX(sys::spawn(spec), "Failed starting command");
  }
  std::print("No SPICE viewer is installed here (remote-viewer, spicy). The screen waits for one at:\n  {}\n", url);
  std::fflush(stdout);
  return sys::Child();
}

/// The viewer's connections: each is a websocket of its own. `changed` becomes readable when one ends.
class Relay {
 public:
  Relay(async::Runtime& runtime, UniqueFd changed) : runtime_(runtime), changed_(std::make_shared<UniqueFd>(std::move(changed))) {}
  int changed() const { return changed_->get(); }
  bool all_ended() const { return *open_ == 0; }

  void add(UniqueFd viewer, client::WebSocket& screen) {
    struct Pair {
      UniqueFd viewer;
      std::shared_ptr<http::WebSocket> screen;
      std::atomic<bool> ended = false;
    };
    auto pair = std::make_shared<Pair>(std::move(viewer), screen.adopt(runtime_));
    ++*open_;
    auto over = [pair, open = open_, changed = changed_] {
      if (pair->ended.exchange(true)) return;
      pair->screen->close();
      shutdown(pair->viewer.get(), SHUT_RDWR);  // ends the other direction
      --*open;
      uint64_t one = 1;
      (void)!write(changed->get(), &one, sizeof one);  // an eventfd that is full is readable already
    };
    pair->screen->pump_from(pair->viewer.get(), false, over);
    pair->screen->pump_to(pair->viewer.get(), over);
  }

 private:
  async::Runtime& runtime_;
  std::shared_ptr<UniqueFd> changed_;
  std::shared_ptr<std::atomic<int>> open_ = std::make_shared<std::atomic<int>>(0);
};

struct Screen {
  client::Server& server;
  std::string operation, secret;
  client::WebSocket& control;
};

/// False once the daemon ended the session.
bool still_there(client::WebSocket& control) {
  for (;;) {
    auto message = control.try_receive();
    if (!message) return false;
    if (!*message) return true;
    if ((*message)->end) return false;
  }
}

/// Until the viewer has ended, or all its connections have, or the session.
Result<> serve_viewer(const Context& ctx, Screen& screen, int listener, SignalEvents& signals, Relay& relay, sys::Child& viewer) {
  pollfd fds[] = {{listener, POLLIN, 0}, {relay.changed(), POLLIN, 0}, {screen.control.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0},
                  {viewer ? viewer.pidfd() : -1, POLLIN, 0}};
  bool connected = false;
  while (still_there(screen.control)) {
    if (poll(fds, std::size(fds), -1) < 0 && errno != EINTR) return fail_errno("poll");
    if (fds[4].revents || (fds[3].revents && signals.next() != SIGWINCH)) return {};
    if (connected && fds[1].revents && relay.all_ended()) return {};
    if (!fds[0].revents) continue;
    UniqueFd made(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!made) continue;
    auto socket = TRY(screen.server.operation_websocket(ctx, screen.operation, screen.secret));
    relay.add(std::move(made), *socket);
    connected = true;
  }
  return {};
}

}  // namespace

Result<> show_screen(Call& call, client::Server& server, const std::string& name) {
  SignalEvents signals;  // before there are threads
  LocalSocket local = TRY(listen_for_viewers());
  Json body{{"type", "vga"}, {"force", call.flags.known("force") && call.flags.on("force")}};
  auto reply = TRY(server.query(call.ctx, http::Method::post, instance_url(name, "/console"), api::dump_json(body)));
  const Json fds = reply.metadata["metadata"]["fds"];
  auto control = TRY(server.operation_websocket(call.ctx, reply.operation, fds.value("control", "")));
  Screen screen{server, reply.operation, fds.value("0", ""), *control};
  async::Runtime runtime({.io_threads = 1, .max_workers = 4});
  Result<> served;
  {
    Relay relay(runtime, UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    auto viewer = start_viewer(call.config.defaults.console_spice_command, local.url());
    served = viewer ? serve_viewer(call.ctx, screen, local.fd.get(), signals, relay, *viewer) : Result<>(std::unexpected(viewer.error()));
  }  // here a viewer that still runs ends
  control->close();
  runtime.stop();
  TRY(std::move(served));
  return client::operation_result(TRY(server.wait_operation(call.ctx, reply.operation)));
}

}  // namespace cli
