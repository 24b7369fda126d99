// Answers system calls of containers (security.syscalls.intercept.*): liblxc's monitors forward them to this socket, a helper does each one's work.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async/runtime.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace instance::lxc {

/// What the helper must know of the container beside the call itself.
struct InterceptPolicy {
  StringMap config;          ///< expanded
  std::string devices_path;  ///< where device nodes for it are made
};

/// No thread waits for a helper, and one that takes longer than kHelperTime is ended; then the kernel goes on with the call as if it were not
/// intercepted. A monitor has one call under way at a time, so a hostile container can occupy one helper. Thread-safe.
class NotifyServer : public std::enable_shared_from_this<NotifyServer> {
 public:
  /// The policy of a container by liblxc's name; nothing if there is none. Called on workers.
  using Find = std::function<std::optional<InterceptPolicy>(const std::string& id)>;
  /// Errors: invalid (path too long), internal with errno, unsupported (the kernel can't forward system calls).
  static Result<std::shared_ptr<NotifyServer>> open(async::Runtime& runtime, std::string path, Find find);
  ~NotifyServer();

  /// Can this kernel forward system calls in the layout that this program knows?
  static bool supported();

 private:
  class Session;
  NotifyServer(async::Runtime& runtime, std::string path, Find find, UniqueFd fd) : runtime_(runtime), path_(std::move(path)), find_(std::move(find)), fd_(std::move(fd)) {}
  void watch();
  void accept();

  async::Runtime& runtime_;
  const std::string path_;
  const Find find_;
  UniqueFd fd_;
  std::shared_ptr<async::Runtime::Watch> watch_;
  std::mutex mutex_;  ///< guards sessions_
  std::map<Session*, std::shared_ptr<Session>> sessions_;
};

}  // namespace instance::lxc
