#include "storage/btrfs/pool.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/units.h"
#include "storage/btrfs/loop.h"
#include "storage/btrfs/subvolume.h"
#include "sys/spawn.h"

namespace storage::btrfs {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

bool is_btrfs(const std::string& path) {
  struct statfs info;
  return statfs(path.c_str(), &info) == 0 && static_cast<unsigned long>(info.f_type) == BTRFS_SUPER_MAGIC;
}

bool is_mount_point(const std::string& path) {
  struct stat own, parent;
  return stat(path.c_str(), &own) == 0 && stat((path + "/..").c_str(), &parent) == 0 && own.st_dev != parent.st_dev;
}

bool is_block(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISBLK(info.st_mode);
}

}  // namespace

Result<std::string> BtrfsPool::default_size() const {
  struct statvfs info;
  if (statvfs(info_.paths.var.c_str(), &info) != 0) return fail_errno("Cannot look at " + info_.paths.var);
  int64_t free = static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
  return std::format("{}GiB", std::clamp(free / 5 / kGiB, int64_t{5}, int64_t{30}));
}

Result<> BtrfsPool::prepare(StringMap& config) {
  std::string given = get_or(config, "source");
  if (given.empty() || given == loop_file()) {
    config["source"] = loop_file();
    if (get_or(config, "size").empty()) config["size"] = TRY(default_size());
  } else {
    config["volatile.initial_source"] = given;
  }
  info_.config = config;
  return {};
}

Result<> BtrfsPool::make_filesystem(const Context& ctx, const std::string& target) {
  TRY_CTX(sys::run(ctx, {"mkfs.btrfs", "-f", "-L", info_.name, target}), "Failed to format sparse file");
  return {};
}

Result<> BtrfsPool::create(const Context& ctx) {
  if (source() == loop_file()) {
    if (fs::exists(loop_file())) return fail(Code::internal, "The file {} already exists", quote(loop_file()));
    UniqueFd file(open(loop_file().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    int64_t size = parse_byte_size(get_or(info_.config, "size")).value_or(0);
    if (!file || ftruncate(file.get(), size) != 0) return fail_errno("Failed to create the sparse file " + loop_file());
    auto made = make_filesystem(ctx, loop_file());
    if (!made) unlink(loop_file().c_str());
    return made;
  }
  if (is_block(source())) return make_filesystem(ctx, source());
  if (!fs::is_directory(source())) return fail(Code::invalid, "Custom loop file locations are not supported");
  std::string var = info_.paths.var;
  if (source() == var || (source().starts_with(var + "/") && source() != info_.path())) {
    return fail(Code::invalid, "Only allowed source path under {} is {}", var, info_.path());
  }
  if (!is_btrfs(source())) return fail(Code::invalid, "Provided path does not reside on a btrfs filesystem");
  if (!fs::is_empty(source())) return fail(Code::invalid, "Requested subvolume exists but isn't empty");
  return {};
}

Result<> BtrfsPool::mount(const Context&) {
  std::string target = info_.path();
  if (is_mount_point(target)) return {};
  std::string options = get_or(info_.config, "btrfs.mount_options", "user_subvol_rm_allowed");
  auto unavailable = [&](int saved) { return Failure(Error(fail_errno("Failed to mount " + source(), saved).error()).with_code(Code::unavailable)); };
  if (source() == loop_file()) {
    auto loop = attach_loop(loop_file());
    if (!loop) return Failure(std::move(loop).error().with_code(Code::unavailable));
    return ::mount(loop->path.c_str(), target.c_str(), "btrfs", 0, options.c_str()) == 0 ? Result<>() : unavailable(errno);
  }
  if (is_block(source())) return ::mount(source().c_str(), target.c_str(), "btrfs", 0, options.c_str()) == 0 ? Result<>() : unavailable(errno);
  return ::mount(source().c_str(), target.c_str(), "none", MS_BIND, nullptr) == 0 ? Result<>() : unavailable(errno);
}

Result<> BtrfsPool::unmount(const Context&) {
  while (umount2(info_.path().c_str(), UMOUNT_NOFOLLOW) == 0) {}
  if (errno == EBUSY && umount2(info_.path().c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0) return {};
  if (errno != EINVAL && errno != ENOENT) return fail_errno("Failed to unmount " + info_.path());
  return {};
}

Result<> BtrfsPool::remove(const Context& ctx) {
  bool folder = source() != loop_file() && !is_block(source());
  std::error_code error;
  if (folder || is_mount_point(info_.path())) {
    for (const auto& item : fs::directory_iterator(info_.path(), error)) TRY(delete_tree(ctx, item.path().string()));
  }
  TRY(unmount(ctx));
  if (source() == loop_file() && unlink(loop_file().c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to remove " + loop_file());
  return {};
}

Result<Pool::Space> BtrfsPool::space() {
  struct statvfs info;
  if (statvfs(info_.path().c_str(), &info) != 0) return fail_errno("Cannot look at " + info_.path());
  Pool::Space space;
  space.total = info.f_blocks * info.f_frsize;
  space.used = (info.f_blocks - info.f_bfree) * info.f_frsize;
  return space;
}

}  // namespace storage::btrfs
