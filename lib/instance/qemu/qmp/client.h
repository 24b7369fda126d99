// The QEMU Machine Protocol: commands with deadlines for workers, events for whoever watches. docs/interop/qmp-spec of QEMU.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/json.h"
#include "async/runtime.h"
#include "base/context.h"
#include "base/unique_fd.h"

namespace instance::qemu::qmp {

/// "SHUTDOWN", {"guest": true, "reason": "guest-shutdown"}
struct Event {
  std::string name;
  Json data;
};

struct Handlers {
  std::function<void(const Event&)> event;  ///< on an I/O thread, in order: must not block
  std::function<void()> closed;             ///< once, on an I/O thread: QEMU went away or broke the protocol
};

/// One connection to one QEMU. Thread-safe. The peer is not trusted: a line is at most 8 MiB, a silent peer ends in a timeout, one that breaks
/// the protocol in a closed connection. QEMU serves one connection per monitor at a time.
class Client {
 public:
  /// Longest wait of a command whose context has no earlier deadline.
  static constexpr seconds kCommandTimeout{30};

  /// Connects to the socket at `path` and leaves negotiation mode. Errors: not_found (nobody listens), timeout, cancelled, internal. Blocks.
  static Result<std::shared_ptr<Client>> connect(const Context& ctx, async::Runtime& runtime, const std::string& path, Handlers handlers);
  /// The same on a connected stream socket.
  static Result<std::shared_ptr<Client>> adopt(const Context& ctx, async::Runtime& runtime, UniqueFd socket, Handlers handlers);
  ~Client();  ///< closes; handlers aren't called any more once it returned, but for a call that is running

  /// Runs one command and returns its "return" value. `fds` (at most 16) go with it and stay the caller's (add-fd, getfd).
  /// Errors: internal `QMP command "x" failed: <desc>` (not_found for DeviceNotFound), timeout, cancelled, unavailable (connection lost). Blocks.
  Result<Json> run(const Context& ctx, std::string_view command, const Json& arguments = Json(), const std::vector<int>& fds = {}, seconds patience = kCommandTimeout);
  bool connected() const;
  /// Fails what waits; nothing can be run any more.
  void close();

  struct Impl;
 private:
  explicit Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};
using ClientPtr = std::shared_ptr<Client>;

}  // namespace instance::qemu::qmp
