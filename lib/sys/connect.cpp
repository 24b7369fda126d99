#include "sys/connect.h"

#include <poll.h>

#include <cerrno>

namespace sys {

Result<> connect_socket(const Context& ctx, int fd, const sockaddr* address, socklen_t size) {
  if (connect(fd, address, size) == 0) return {};
  if (errno != EINPROGRESS) return fail_errno("connect");
  TRY(ctx.wait_fd(fd, POLLOUT));
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error ? Result<>(fail_errno("connect", error)) : Result<>();
}

}  // namespace sys
