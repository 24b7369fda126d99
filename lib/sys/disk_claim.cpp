#include "sys/disk_claim.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/strings.h"

namespace sys {

Result<> claim_disk(int fd, const std::string& path, bool alone) {
  struct stat info;
  if (fstat(fd, &info) != 0) return fail_errno("stat " + path);
  if (!S_ISREG(info.st_mode) || flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail_errno("lock " + path);
  if (alone) return fail(Code::conflict, "The disk {} is in use", quote(path));
  return fail(Code::conflict, "The disk {} is being written over NBD: end that connection first", quote(path));
}

}  // namespace sys
