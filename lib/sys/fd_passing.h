// Descriptors over Unix sockets: SCM_RIGHTS, unix(7).
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

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
