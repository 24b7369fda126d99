#include "storage/dir/nursery.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "archive/pace.h"
#include "base/encode.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace storage::dir {

namespace {

/// Places tried at most; a bad one costs up to 2 ms.
constexpr size_t kTries = 12;
/// What a file costs in a good place: 10 to 25 us where this was measured; bad places cost 10 to 50 times as much.
constexpr int64_t kUsual = 60'000;
/// On a slower machine a good place is one that costs no more than this many times what the best one did.
constexpr int64_t kNoise = 3;

/// Has the file system look for a place for each child by itself. False: it doesn't know how.
bool spread_children(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int flags = 0;
  // SAFETY: both calls take a pointer to an int, whatever their declared size.
  if (!fd || ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;
  if (flags & FS_TOPDIR_FL) return true;
  flags |= FS_TOPDIR_FL;
  return ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0;
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

int64_t measure_place(const std::string& folder) {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (const char* name : {"/1", "/2", "/3"}) {
    std::string path = folder + name;
    int64_t began = archive::thread_time();
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    best = std::min(best, archive::thread_time() - began);
    unlink(path.c_str());
  }
  return best;
}

Result<> Nursery::make_home() {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Cannot create " + folder_);
  spreads_ = spread_children(folder_);
  return {};
}

Result<std::string> Nursery::make_one() {
  std::string path = folder_ + "/" + random_uuid();
  if (mkdir(path.c_str(), 0700) == 0) return path;
  if (errno != ENOENT) return fail_errno("Cannot create " + path);
  TRY(make_home());
  if (mkdir(path.c_str(), 0700) != 0) return fail_errno("Cannot create " + path);
  return path;
}

bool Nursery::good(int64_t cost) {
  if (int64_t best = best_; best == 0 || cost < best) best_ = cost;
  return cost <= kUsual || (++dear_ >= static_cast<int>(kTries) && cost <= best_ * kNoise);
}

Result<std::string> Nursery::make_somewhere() {
  std::string chosen = TRY(make_one());
  if (!spreads_) return chosen;
  int64_t cost = cost_(chosen);
  // Those turned down stay until the end: the file system prefers places with few folders.
  StringList others;
  while (!good(cost) && others.size() < kTries) {
    auto next = make_one();
    if (!next) break;
    int64_t next_cost = cost_(*next);
    if (next_cost < cost) std::swap(chosen, *next), cost = next_cost;
    others.push_back(std::move(*next));
  }
  for (const std::string& other : others) rmdir(other.c_str());
  return chosen;
}

Result<> Nursery::make(const std::string& path) {
  std::string fresh = TRY(make_somewhere());
  auto moved = move_to(fresh, path);
  if (!moved) rmdir(fresh.c_str());
  return moved;
}

Result<archive::Place> Nursery::find_place() {
  std::string path = TRY(make_somewhere());
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("Cannot open " + path);
  return archive::Place(new UniqueFd(std::move(fd)), [path](UniqueFd* open) {
    delete open;
    rmdir(path.c_str());
  });
}

void Nursery::sweep() {
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder_, error)) std::filesystem::remove_all(item.path(), error);
}

}  // namespace storage::dir
