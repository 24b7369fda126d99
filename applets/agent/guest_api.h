// /dev/incus/sock inside the machine: what programs may ask of the daemon about their own machine. Requests go on to the daemon.
#pragma once
#include <memory>
#include <mutex>

#include "applets/agent/agent.h"
#include "http/server.h"

namespace agent {

class GuestApi {
 public:
  explicit GuestApi(Agent& agent) : agent_(agent) {}
  ~GuestApi();
  /// Opens or closes the socket. Nothing happens where the feature is switched off. Errors: internal.
  Result<> offer(bool on);

 private:
  Agent& agent_;
  std::mutex mutex_;
  std::unique_ptr<http::Server> server_;  ///< under mutex_
};

}  // namespace agent
