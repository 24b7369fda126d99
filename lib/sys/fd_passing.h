// Descriptors over Unix sockets: SCM_RIGHTS, unix(7).
#pragma once
#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// So many descriptors go with one message at most: SCM_MAX_FD of the kernel.
constexpr size_t kMaxPassedFds = 253;

/// sendmsg(2) with descriptors; returns what that returns, with errno. Blocks as the socket and `flags` say.
ssize_t send_with_fds(int socket, std::string_view data, std::span<const int> fds, int flags = 0);
/// recvmsg(2) of up to `data` bytes. Descriptors are close-on-exec and added to `fds`, at most `max_fds`; `dropped` tells whether there were more.
ssize_t receive_with_fds(int socket, std::span<char> data, std::vector<UniqueFd>& fds, size_t max_fds, int flags = 0, bool* dropped = nullptr);

/// Sends one message with descriptors (at most 16). The text may not be empty.
Result<> send_fds(int socket, const std::string& text, const std::vector<int>& fds);
struct ReceivedFds {
  std::string text;  ///< empty: the other end closed
  std::vector<UniqueFd> fds;
};
Result<ReceivedFds> receive_fds(int socket);
/// A connected pair of stream sockets.
Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

}  // namespace sys
