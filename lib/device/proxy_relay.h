// Relaying connections between listening sockets and one kind of target, in one thread: what the `forkproxy` helper runs for a proxy device.
#pragma once
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "device/proxy_address.h"

namespace device {

/// Listening sockets (bound ones for udp), one a port. Errors: internal naming the address.
Result<std::vector<UniqueFd>> open_listeners(const ProxyAddress& address);
/// Connects to port `index` of the address (its only one, if it has one). Not blocking.
Result<UniqueFd> connect_to(const ProxyAddress& address, size_t index);

struct RelayOptions {
  ProxyAddress listen, connect;
  bool proxy_protocol = false;  ///< start connections to the target with a PROXY line
};
/// Serves until the process is ended. Returns only on failure.
Result<> run_relay(std::vector<UniqueFd> listeners, const RelayOptions& options);

}  // namespace device
