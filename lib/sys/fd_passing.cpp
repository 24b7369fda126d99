#include "sys/fd_passing.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sys {
namespace {

constexpr size_t kMaxFds = 16;

/// Room for one control message with that many descriptors, aligned as cmsg(3) wants.
union ControlBuffer {
  cmsghdr align;
  char bytes[CMSG_SPACE(kMaxPassedFds * sizeof(int))];
};

}  // namespace

ssize_t send_with_fds(int socket, std::string_view data, std::span<const int> fds, int flags) {
  iovec part{const_cast<char*>(data.data()), data.size()};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1};
  ControlBuffer control;
  if (fds.size() > kMaxPassedFds) return errno = EINVAL, -1;
  if (!fds.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    memset(control.bytes, 0, message.msg_controllen);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t receive_with_fds(int socket, std::span<char> data, std::vector<UniqueFd>& fds, size_t max_fds, int flags, bool* dropped) {
  ControlBuffer control;
  iovec part{data.data(), data.size()};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(std::min(max_fds, kMaxPassedFds) * sizeof(int))};
  ssize_t count = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  if (count < 0) return count;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < number; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
  if (dropped) *dropped = (message.msg_flags & MSG_CTRUNC) != 0;
  return count;
}

Result<> send_fds(int socket, const std::string& text, const std::vector<int>& fds) {
  if (fds.size() > kMaxFds) return fail(Code::internal, "Too many file descriptors to send");
  if (send_with_fds(socket, text, fds) < 0) return fail_errno("Failed sending file descriptors");
  return {};
}

Result<ReceivedFds> receive_fds(int socket) {
  ReceivedFds received;
  char buffer[4096];
  ssize_t count;
  while ((count = receive_with_fds(socket, buffer, received.fds, kMaxFds)) < 0 && errno == EINTR) {
  }
  if (count < 0) return fail_errno("Failed receiving file descriptors");
  received.text.assign(buffer, static_cast<size_t>(count));
  return received;
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return fail_errno("Failed making a socket pair");
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace sys
