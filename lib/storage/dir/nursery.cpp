#include "storage/dir/nursery.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/encode.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace storage::dir {

namespace {

/// Tries until the place is taken as it is; each costs some 30 microseconds.
constexpr int kTries = 16;

/// ext4 looks for a place for each child by itself; other file systems refuse, which is no matter.
void spread_children(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int flags = 0;
  // SAFETY: both calls take a pointer to an int, whatever their declared size.
  if (!fd || ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL)) return;
  flags |= FS_TOPDIR_FL;
  (void)ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
}

/// Without replacing anything, not even an empty folder.
Result<> move_to(const std::string& from, const std::string& path) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS) {
    struct stat info;
    if (lstat(path.c_str(), &info) == 0) errno = EEXIST;
    else if (::rename(from.c_str(), path.c_str()) == 0) return {};
  }
  if (errno == EEXIST) return fail(Code::conflict, "Volume folder {} already exists", quote(path));
  return fail_errno("Failed to create volume folder " + path);
}

}  // namespace

Result<> Nursery::make_home() {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Cannot create " + folder_);
  spread_children(folder_);
  return {};
}

Result<std::string> Nursery::make_somewhere() {
  for (int left = kTries;; --left) {
    std::string path = folder_ + "/" + random_uuid();
    if (mkdir(path.c_str(), 0700) != 0) {
      if (errno != ENOENT || left == 0) return fail_errno("Cannot create " + path);
      TRY(make_home());
      continue;
    }
    struct stat info;
    if (left == 0 || stat(path.c_str(), &info) != 0 || !bad_place_(info.st_ino)) return path;
    rmdir(path.c_str());
  }
}

Result<> Nursery::make(const std::string& path) {
  std::string fresh = TRY(make_somewhere());
  auto moved = move_to(fresh, path);
  if (!moved) rmdir(fresh.c_str());
  return moved;
}

void Nursery::sweep() {
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder_, error)) rmdir(item.path().c_str());
}

}  // namespace storage::dir
