#include "applets/cli/instance/session.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>

#include "api/json.h"
#include "applets/cli/instance/terminal.h"
#include "base/write_all.h"

namespace cli {
namespace {

using Kind = client::WebSocket::Kind;
constexpr size_t kReadSize = 128 * 1024;
/// Local input is left unread while this much waits to be sent.
constexpr size_t kMaxQueued = 1 << 20;

/// The state of one run: which descriptors are still open, and what poll watches.
class Loop {
 public:
  Loop(const Context& ctx, Session& session) : ctx_(ctx), session_(session), buffer_(kReadSize, '\0') {}

  Result<> run() {
    if (session_.interactive) TRY(send_size());
    // The first output may have come together with the answer to the upgrade: then no descriptor tells of it.
    for (Channel& channel : session_.channels) TRY(receive(channel));
    while (!quit_ && outputs_open()) {
      collect();
      int n = poll(fds_.data(), fds_.size(), ctx_.poll_timeout());
      if (n < 0 && errno != EINTR) return fail_errno("poll");
      TRY(ctx_.check());
      TRY(handle_signals());
      for (Channel& channel : session_.channels) TRY(serve(channel));
      if (session_.control) TRY(drain_control());
    }
    return {};
  }

 private:
  bool outputs_open() const {
    for (const Channel& channel : session_.channels) {
      if (channel.out_fd >= 0) return true;
    }
    return false;
  }

  static bool wants_input(const Channel& channel) {
    return channel.in_fd >= 0 && channel.socket && channel.socket->queued() < kMaxQueued;
  }

  void collect() {
    fds_.assign({{signals_.fd(), POLLIN, 0}, {ctx_.wake_fd(), POLLIN, 0}});
    for (Channel& channel : session_.channels) {
      if (channel.socket) fds_.push_back({channel.socket->fd(), channel.socket->events(), 0});
      if (wants_input(channel)) fds_.push_back({channel.in_fd, POLLIN, 0});
    }
    if (session_.control) fds_.push_back({session_.control->fd(), session_.control->events(), 0});
  }

  bool readable(int fd) const {
    for (const pollfd& entry : fds_) {
      if (entry.fd == fd && entry.revents) return true;
    }
    return false;
  }

  Result<> serve(Channel& channel) {
    if (channel.socket && readable(channel.socket->fd())) TRY(receive(channel));
    if (wants_input(channel) && readable(channel.in_fd)) TRY(send_input(channel));
    return {};
  }

  Result<> receive(Channel& channel) {
    for (;;) {
      auto received = channel.socket->try_receive();
      if (received && !*received) return {};
      auto message = received ? std::move(*received) : std::optional(client::WebSocket::Message{Kind::text, "", true});
      if (channel.out_fd >= 0 && !message->end && message->kind == Kind::binary && !write_all(channel.out_fd, message->data)) return fail_errno("Failed writing output");
      if (message->end || (message->kind == Kind::text && channel.out_fd >= 0)) {
        channel.out_fd = channel.in_fd = -1;
        channel.socket->close();
        channel.socket.reset();
        return {};
      }
    }
  }

  Result<> send_input(Channel& channel) {
    ssize_t n = read(channel.in_fd, buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (n <= 0) {
      channel.in_fd = -1;
      // An empty text frame ends the stream; an interactive one ends with its process.
      if (!session_.interactive) queue(channel, Kind::text, "");
      return {};
    }
    std::string data(buffer_.data(), static_cast<size_t>(n));
    if (session_.on_input) quit_ = !session_.on_input(data);
    if (!data.empty()) queue(channel, Kind::binary, data);
    return {};
  }

  /// The command may have ended and its sockets with it: then there is nobody to read more input, which is no error.
  static void queue(Channel& channel, Kind kind, std::string_view data) {
    if (!channel.socket->queue(kind, data)) channel.in_fd = -1;
  }

  Result<> drain_control() {
    for (;;) {
      auto message = session_.control->try_receive();
      if (message && !*message) return {};
      if (!message || (*message)->end) {
        session_.control.reset();
        return {};
      }
    }
  }

  Result<> send_control(const Json& message) {
    if (session_.control && !session_.control->queue(Kind::text, api::dump_json(message))) session_.control.reset();
    return {};
  }

  Result<> send_size() {
    auto [width, height] = terminal_size(STDOUT_FILENO);
    Json args{{"width", std::to_string(width)}, {"height", std::to_string(height)}};
    return send_control({{"command", "window-resize"}, {"args", args}});
  }

  Result<> handle_signals() {
    while (int number = signals_.next()) {
      if (number == SIGWINCH) {
        if (session_.interactive) TRY(send_size());
      } else if (session_.control) {
        TRY(send_control({{"command", "signal"}, {"signal", number}}));
      } else if (number == SIGINT || number == SIGTERM || number == SIGHUP) {
        return fail(Code::cancelled, "Interrupted by signal {}", number);
      }
    }
    return {};
  }

  const Context& ctx_;
  Session& session_;
  SignalEvents signals_;
  std::vector<pollfd> fds_;
  std::string buffer_;
  bool quit_ = false;
};

}  // namespace

std::pair<int, int> terminal_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size)) return {0, 0};
  return {size.ws_col, size.ws_row};
}

Result<> run_session(const Context& ctx, Session& session) {
  std::optional<RawTerminal> raw;
  if (session.interactive) raw.emplace(STDIN_FILENO);
  return Loop(ctx, session).run();
}

}  // namespace cli
