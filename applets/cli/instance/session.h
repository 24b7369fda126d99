// A terminal or pipe session over websockets (exec, console): one thread, one poll loop, signals as descriptors.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "client/client.h"

namespace cli {

/// One websocket and the local descriptors it feeds from and to (-1: none). Descriptors are not taken over.
struct Channel {
  std::unique_ptr<client::WebSocket> socket;
  int in_fd = -1;
  int out_fd = -1;
};

struct Session {
  std::vector<Channel> channels;
  std::unique_ptr<client::WebSocket> control;  ///< may be null
  bool interactive = false;  ///< the local terminal is raw, its size is sent at start and on each change
  /// Sees each piece of local input before it is sent and may change it; false ends the session (the console's escape).
  std::function<bool(std::string& input)> on_input;
};

/// Runs until every channel with an out_fd has ended, or on_input ended it. SIGTERM and the like are forwarded as control messages.
/// Restores the terminal. Blocks. Errors: cancelled, internal (connection lost, local write failed).
Result<> run_session(const Context& ctx, Session& session);

/// Columns and rows of a terminal, 0 and 0 if `fd` is none.
std::pair<int, int> terminal_size(int fd);

}  // namespace cli
