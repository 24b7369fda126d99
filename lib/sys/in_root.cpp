#include "sys/in_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/strings.h"

namespace sys {

Result<UniqueFd> open_in_root(int folder, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  if (flags & (O_CREAT | O_TMPFILE)) how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  int fd;
  // EAGAIN: a rename elsewhere made the kernel unsure whether `..` stayed inside.
  do fd = static_cast<int>(syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how));
  while (fd < 0 && (errno == EAGAIN || errno == EINTR));
  if (fd >= 0) return UniqueFd(fd);
  int error = errno;
  Error failure = std::move(fail_errno("Failed opening " + quote(path), error)).error();
  if (error == ENOENT || error == ENOTDIR) return Failure(std::move(failure).with_code(Code::not_found));
  if (error == EXDEV || error == ELOOP) return Failure(std::move(failure).with_code(Code::invalid));
  return Failure(std::move(failure));
}

Result<UniqueFd> make_folders_in_root(int folder, const std::string& path, mode_t mode) {
  std::string done = ".";
  UniqueFd current = TRY(open_in_root(folder, done, O_PATH | O_DIRECTORY));
  for (const std::string& part : split_list(path, '/')) {
    done += "/" + part;
    auto next = open_in_root(folder, done, O_PATH | O_DIRECTORY);
    if (!next && next.error().code() == Code::not_found) {
      if (mkdirat(current.get(), part.c_str(), mode) < 0 && errno != EEXIST) return fail_errno("Failed creating folder " + quote(done));
      next = open_in_root(folder, done, O_PATH | O_DIRECTORY);
    }
    current = TRY(std::move(next));
  }
  return current;
}

}  // namespace sys
