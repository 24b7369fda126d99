#include "sys/pty.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sys/beneath.h"

namespace sys {
namespace {

Result<std::pair<UniqueFd, UniqueFd>> complete(UniqueFd outer) {
  int unlock = 0;
  if (ioctl(outer.get(), TIOCSPTLCK, &unlock) < 0) return fail_errno("Failed unlocking a terminal");
  UniqueFd inner(ioctl(outer.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!inner) return fail_errno("Failed opening a terminal's inner end");
  return std::pair(std::move(outer), std::move(inner));
}

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>> open_pty() {
  UniqueFd outer(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!outer) return fail_errno("Failed opening a terminal");
  return complete(std::move(outer));
}

Result<std::pair<UniqueFd, UniqueFd>> open_pty_of(pid_t pid, uid_t uid, gid_t gid) {
  UniqueFd root(open(std::format("/proc/{}/root", pid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("Failed opening the container's root");
  UniqueFd folder = TRY(open_beneath(root.get(), "dev/pts", O_RDONLY | O_DIRECTORY));
  struct statfs info;
  if (fstatfs(folder.get(), &info) < 0 || info.f_type != DEVPTS_SUPER_MAGIC) return fail(Code::internal, "The container has no devpts at /dev/pts");
  UniqueFd outer(openat(folder.get(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW));
  if (!outer) return fail_errno("Failed opening a terminal in the container");
  auto pair = TRY(complete(std::move(outer)));
  if (fchown(pair.second.get(), uid, gid) < 0) return fail_errno("Failed changing a terminal's owner");
  return pair;
}

Result<> resize_pty(int fd, int columns, int rows) {
  winsize size{.ws_row = static_cast<unsigned short>(rows), .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  if (ioctl(fd, TIOCSWINSZ, &size) < 0) return fail_errno("Failed resizing a terminal");
  return {};
}

}  // namespace sys
