#include "base/write_all.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace {

/// True: try again.
bool may_go_on(int fd) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd room{fd, POLLOUT, 0};
  return poll(&room, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t done = write(fd, bytes.data(), bytes.size());
    if (done < 0 && !may_go_on(fd)) return false;
    if (done > 0) bytes.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

bool pwrite_all(int fd, std::string_view bytes, off_t offset) {
  while (!bytes.empty()) {
    ssize_t done = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (done < 0 && !may_go_on(fd)) return false;
    if (done <= 0) continue;
    bytes.remove_prefix(static_cast<size_t>(done));
    offset += done;
  }
  return true;
}
