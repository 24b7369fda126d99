// The way from inside a virtual machine to the daemon's guest API: streams to port 8443 of the host go to instance/guest_service.h.
#pragma once
#include <mutex>

#include "instance/qemu/agent_client.h"
#include "instance/qemu/vsock.h"

namespace instance::qemu {

/// One for all machines of a daemon; it listens from the first use on. Thread-safe.
class GuestUplink {
 public:
  explicit GuestUplink(async::Runtime& runtime) : runtime_(runtime) {}
  /// Takes the machine's streams from now on. After QEMU was started, and when a running machine was found again. Errors: unavailable (no helper).
  Result<> attach(const VsockPlace& place);
  /// What its agent is to be told, in agent.conf and PUT /1.0. Errors: internal (no certificate).
  Result<AgentConnection> connection(bool guest_api);

 private:
  Result<std::shared_ptr<VsockListener>> listener();

  async::Runtime& runtime_;
  std::mutex mutex_;
  std::shared_ptr<VsockListener> made_;
};

}  // namespace instance::qemu
