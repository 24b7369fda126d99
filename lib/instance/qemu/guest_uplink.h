// The way from inside a virtual machine to the daemon's guest API: streams to port 8443 of the host go to instance/guest_service.h.
#pragma once
#include "instance/qemu/agent_client.h"
#include "instance/qemu/vsock.h"

namespace instance::qemu {

/// Takes the machine's streams from now on. After QEMU was started, and when a running machine was found again. Errors: unavailable (no helper).
Result<> attach_guest(async::Runtime& runtime, const VsockPlace& place);
/// What its agent is to be told, in agent.conf and PUT /1.0. Errors: internal (no certificate).
Result<AgentConnection> guest_connection(async::Runtime& runtime, bool guest_api);

}  // namespace instance::qemu
