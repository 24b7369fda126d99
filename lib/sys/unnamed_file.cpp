#include "sys/unnamed_file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cstdlib>
#include <format>

namespace sys {
namespace {

Result<> copy_into(int from, const std::string& path) {
  UniqueFd to(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to) return fail_errno("Failed to create " + path);
  off_t offset = 0;
  ssize_t copied = 0;
  while ((copied = sendfile(to.get(), from, &offset, 1 << 30)) > 0) {}
  if (copied == 0) return {};
  auto failed = fail_errno("Failed to write " + path);
  unlink(path.c_str());
  return failed;
}

}  // namespace

Result<UniqueFd> unnamed_file(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd && (errno == EOPNOTSUPP || errno == EISDIR)) {
    std::string name = folder + "/.unnamed-XXXXXX";
    fd.reset(mkostemp(name.data(), O_CLOEXEC));
    if (fd) unlink(name.c_str());
  }
  if (!fd) return fail_errno("Cannot create a temporary file in " + folder);
  return fd;
}

Result<> name_file(int fd, const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to replace " + path);
  if (linkat(AT_FDCWD, std::format("/proc/self/fd/{}", fd).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  if (errno == ENOENT) return copy_into(fd, path);
  return fail_errno("Failed to create " + path);
}

}  // namespace sys
