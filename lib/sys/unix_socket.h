// Sockets in the file system, unix(7), by way of their folder: their paths have room for 107 bytes, folders may be longer.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// A listening stream socket; what is there goes first. Errors: internal with errno.
Result<UniqueFd> listen_unix(const std::string& path, int backlog = 1);
/// A connected stream socket, not blocking: where nobody takes connections, this fails at once. Errors: not_found (nobody listens), internal.
Result<UniqueFd> connect_unix(const std::string& path);

}  // namespace sys
