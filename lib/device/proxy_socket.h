// Socket calls that proxy_relay.cpp needs: descriptors over Unix sockets without blocking, and the PROXY protocol's line.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace device {

/// read(2) that also takes descriptors. -1 with errno.
ssize_t receive_with_fds(int socket, std::string& buffer, std::vector<UniqueFd>& fds, size_t max_fds);
/// send(2) that also passes descriptors.
ssize_t send_with_fds(int socket, const std::string& data, const std::vector<UniqueFd>& fds);
/// `PROXY TCP4 source destination port port`: whom the client is, for the target. `PROXY UNKNOWN` for Unix sockets.
std::string proxy_line(int client);
/// Up to 200 ms.
void wait_writable(int fd);

}  // namespace device
