#include "sys/beneath.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/strings.h"

namespace sys {

Result<UniqueFd> open_beneath(int dir, const std::string& path, int flags, mode_t mode, Symlinks symlinks) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (symlinks == Symlinks::refuse ? RESOLVE_NO_SYMLINKS : 0);
  for (int attempt = 0;; ++attempt) {
    // EAGAIN: something was renamed during the walk; the kernel asks to try again.
    int fd = static_cast<int>(syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how));
    if (fd >= 0) return UniqueFd(fd);
    if ((errno == EAGAIN && attempt < 32) || errno == EINTR) continue;
    int error = errno;
    Failure failure = fail_errno("Cannot open " + path, error);
    if (error == ENOENT) return Failure(std::move(failure.error()).with_code(Code::not_found));
    return failure;
  }
}

Result<UniqueFd> open_directory(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) return UniqueFd(fd);
  int error = errno;
  Failure failure = fail_errno("Cannot open folder " + path, error);
  if (error == ENOENT) return Failure(std::move(failure.error()).with_code(Code::not_found));
  return failure;
}

Result<std::pair<UniqueFd, std::string>> open_parent_beneath(int dir, const std::string& path) {
  size_t slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return fail(Code::invalid, "Invalid path {}", quote(path));
  return std::pair{TRY(open_beneath(dir, parent, O_PATH | O_DIRECTORY)), name};
}

}  // namespace sys
