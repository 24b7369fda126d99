#include "applets/tools/user/relay.h"

#include <poll.h>

#include <array>

namespace incus_user {
namespace {

/// One way. `wait_…`: what poll(2) must report before the next attempt.
struct Direction {
  http::Transport& from;
  http::Transport& to;
  std::string pending = {};
  short wait_from = 0, wait_to = 0;
  bool over = false;

  /// Moves what can be moved without waiting. False on a lost connection.
  bool pump(std::span<char> buffer) {
    wait_from = wait_to = 0;
    while (!over) {
      if (!pending.empty()) {
        auto io = to.write(pending);
        if (!io) return false;
        pending.erase(0, io->bytes);
        if ((wait_to = io->wait)) return true;
        continue;
      }
      auto io = from.read(buffer);
      if (!io) return false;
      if ((wait_from = io->wait)) return true;
      if (io->bytes > 0) pending.assign(buffer.data(), io->bytes);
      else over = true;
    }
    return true;
  }
};

}  // namespace

void relay(const Context& ctx, http::Transport& left, http::Transport& right) {
  auto buffer = std::make_unique<std::array<char, 64 << 10>>();
  Direction there{left, right}, back{right, left};
  bool there_told = false, back_told = false;
  for (;;) {
    if (!there.pump(*buffer) || !back.pump(*buffer)) return;
    if (there.over && !std::exchange(there_told, true)) right.shutdown_write();
    if (back.over && !std::exchange(back_told, true)) left.shutdown_write();
    if (there.over && back.over) return;
    pollfd waits[] = {{left.fd(), static_cast<short>(there.wait_from | back.wait_to), 0},
                      {right.fd(), static_cast<short>(back.wait_from | there.wait_to), 0},
                      {ctx.wake_fd(), POLLIN, 0}};
    if (poll(waits, std::size(waits), -1) < 0 && errno != EINTR) return;
    if (ctx.stopped()) return;
  }
}

}  // namespace incus_user
