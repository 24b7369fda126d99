#include "sys/fd_passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sys {
namespace {

constexpr size_t kMaxFds = 16;

/// Room for one control message with kMaxFds descriptors, aligned as cmsg(3) wants.
union ControlBuffer {
  cmsghdr align;
  char bytes[CMSG_SPACE(kMaxFds * sizeof(int))];
};

}  // namespace

Result<> send_fds(int socket, const std::string& text, const std::vector<int>& fds) {
  if (fds.size() > kMaxFds) return fail(Code::internal, "Too many file descriptors to send");
  ControlBuffer control{};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1};
  if (!fds.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return fail_errno("Failed sending file descriptors");
  return {};
}

Result<ReceivedFds> receive_fds(int socket) {
  ControlBuffer control{};
  char buffer[4096];
  iovec part{buffer, sizeof buffer};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t count;
  while ((count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (count < 0) return fail_errno("Failed receiving file descriptors");
  ReceivedFds received;
  received.text.assign(buffer, static_cast<size_t>(count));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < number; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
  return received;
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return fail_errno("Failed making a socket pair");
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace sys
