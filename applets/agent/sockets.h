// The agent's ways in and out of the machine: vsock(7), or unix sockets where tests stand in for it.
#pragma once
#include <cstdint>
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"

namespace agent {

/// Listens for whoever reaches the machine, under whatever number it has now or gets later. Errors: unsupported without a driver.
Result<UniqueFd> listen_vsock(uint32_t port);
Result<UniqueFd> listen_unix(const std::string& path, unsigned mode);
/// Tries again for a second, as the daemon may be starting. Blocks.
Result<UniqueFd> connect_vsock(const Context& ctx, uint32_t cid, uint32_t port);
Result<UniqueFd> connect_unix(const std::string& path);

}  // namespace agent
