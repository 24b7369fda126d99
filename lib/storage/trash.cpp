#include "storage/trash.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "archive/remove_tree.h"
#include "base/encode.h"
#include "base/log.h"

namespace storage {

namespace {

namespace fs = std::filesystem;

// ext4 without a journal leaves a deleted inode alone for 60 s, and for 300 s more while its block has not been written.
constexpr Duration kRecent = seconds(360);
// 16 groups of 8192 inodes, as mke2fs makes them: the roots of trees are at the beginnings of such groups.
constexpr ino_t kNear = 16 * 8192;

/// Bytes a tree takes on disk; a file with names outside of it counts by its share.
int64_t bytes_of(const fs::path& tree) {
  int64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator item(tree, error), end; !error && item != end; item.increment(error)) {
    struct stat info;
    if (lstat(item->path().c_str(), &info) != 0) continue;
    sum += info.st_blocks * 512 / (S_ISDIR(info.st_mode) ? 1 : static_cast<int64_t>(info.st_nlink));
  }
  return sum;
}

}  // namespace

Result<> Trash::put(const std::string& path) {
  std::string target = folder() + "/" + random_uuid();
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (rename(path.c_str(), target.c_str()) == 0) return {};
    if (errno != ENOENT) break;
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return {};
    if (mkdir(folder().c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Cannot create " + folder());
  }
  return fail_errno("Cannot remove " + path);
}

void Trash::sweep(const Context& ctx) {
  std::lock_guard lock(sweeping_);
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder(), error)) {
    struct stat info;
    if (lstat(item.path().c_str(), &info) == 0) note_emptied(info.st_ino);
    Result<> removed = archive::remove_tree(ctx, item.path().string(), 1);
    std::lock_guard guard(mutex_);
    sizes_.erase(item.path().filename());
    if (ctx.stopped()) return;
    if (!removed) log_warn("Cannot remove a deleted volume yet", {{"path", item.path().string()}, {"error", removed.error().message()}});
  }
}

int64_t Trash::bytes() {
  int64_t sum = 0;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder(), error)) {
    std::string name = item.path().filename();
    {
      std::lock_guard lock(mutex_);
      if (auto known = sizes_.find(name); known != sizes_.end()) {
        sum += known->second;
        continue;
      }
    }
    int64_t bytes = bytes_of(item.path());
    sum += bytes;
    std::lock_guard lock(mutex_);
    sizes_[name] = bytes;
  }
  return sum;
}

void Trash::note_emptied(ino_t inode) {
  std::lock_guard lock(mutex_);
  Clock::time_point now = Clock::now();
  while (!emptied_.empty() && now - emptied_.front().when > kRecent) emptied_.pop_front();
  emptied_.push_back({inode, now});
}

bool Trash::emptied_near(ino_t inode) {
  std::lock_guard lock(mutex_);
  Clock::time_point now = Clock::now();
  return std::ranges::any_of(emptied_, [&](const Emptied& item) {
    ino_t distance = item.inode > inode ? item.inode - inode : inode - item.inode;
    return distance < kNear && now - item.when <= kRecent;
  });
}

}  // namespace storage
