#include "storage/dir/pool.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "archive/remove_tree.h"

namespace storage::dir {

namespace fs = std::filesystem;

namespace {
/// Both names lead to the same folder of the same file system.
bool same_folder(const std::string& a, const std::string& b) {
  struct stat left, right;
  return stat(a.c_str(), &left) == 0 && stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}
}  // namespace

Result<> DirPool::prepare(StringMap& config) {
  if (get_or(config, "source").empty()) config["source"] = info_.path();
  info_.config = config;
  return {};
}

Result<> DirPool::create(const Context&) {
  std::error_code error;
  fs::path wanted = fs::path(source()).lexically_normal();
  if (!fs::exists(wanted, error)) return fail(Code::invalid, "Source path '{}' doesn't exist", source());
  std::string var = fs::path(info_.paths.var).lexically_normal().string();
  bool inside = wanted == var || wanted.string().starts_with(var + "/");
  if (inside && wanted != fs::path(info_.path()).lexically_normal()) return fail(Code::invalid, "Source path '{}' is within the Incus directory", wanted.string());
  if (!fs::is_directory(wanted, error)) return fail(Code::invalid, "Source path '{}' isn't a folder", source());
  if (!fs::is_empty(wanted, error)) return fail(Code::invalid, "Source path '{}' isn't empty", source());
  return {};
}

Result<> DirPool::remove(const Context& ctx) {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(info_.path(), error)) {
    TRY_CTX(archive::remove_tree(ctx, item.path().string()), "Failed to delete content of storage pool {}", quote(info_.name));
  }
  return unmount(ctx);
}

Result<> DirPool::mount(const Context&) {
  struct stat info;
  if (stat(source().c_str(), &info) != 0) return fail(Code::unavailable, "Source path '{}' doesn't exist", source());
  if (external() && !same_folder(source(), info_.path()) && ::mount(source().c_str(), info_.path().c_str(), "none", MS_BIND, nullptr) != 0) {
    int saved = errno;
    return Failure(Error(fail_errno("Failed to mount " + source(), saved).error()).with_code(Code::unavailable));
  }
  nursery_.sweep();
  return {};
}

Result<> DirPool::unmount(const Context&) {
  if (!external()) return {};
  // As often as it was mounted there.
  while (umount2(info_.path().c_str(), UMOUNT_NOFOLLOW) == 0) {}
  if (errno != EINVAL && errno != ENOENT) return fail_errno("Failed to unmount " + info_.path());
  return {};
}

Result<Pool::Space> DirPool::space() {
  struct statvfs info;
  if (statvfs(info_.path().c_str(), &info) != 0) return fail_errno("Cannot look at " + info_.path());
  Pool::Space space;
  space.total = info.f_blocks * info.f_frsize;
  space.used = (info.f_blocks - info.f_bfree) * info.f_frsize;
  // What is only waiting to be deleted isn't anybody's.
  space.used -= std::min(space.used, static_cast<uint64_t>(trash_.bytes()));
  space.inodes_total = info.f_files;
  space.inodes_used = info.f_files - info.f_ffree;
  return space;
}

}  // namespace storage::dir
