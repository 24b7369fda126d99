// Connecting sockets that do not block.
#pragma once
#include <sys/socket.h>

#include "base/context.h"
#include "base/result.h"

namespace sys {

/// connect(2) of a socket that does not block, and the wait for its outcome. Errors: internal with the errno of the connection, those of `ctx`.
/// Blocks for as long as `ctx` lets it.
Result<> connect_socket(const Context& ctx, int fd, const sockaddr* address, socklen_t size);

}  // namespace sys
