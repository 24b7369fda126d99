#include "storage/btrfs/subvolume.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "archive/remove_tree.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/beneath.h"
#include "sys/mounts.h"

namespace storage::btrfs {

namespace {

/// The inode number that every subvolume's root has.
constexpr ino_t kSubvolumeInode = 256;

struct Place {
  UniqueFd parent;
  std::string name;
};

Result<Place> place_of(const std::string& path) {
  size_t slash = path.rfind('/');
  Place place{TRY(sys::open_directory(path.substr(0, slash))), path.substr(slash + 1)};
  if (place.name.size() > BTRFS_SUBVOL_NAME_MAX) return fail(Code::invalid, "The name {} is too long", quote(place.name));
  return place;
}

/// By the options of the mount that `path` is in.
bool compressed(const std::string& path) {
  auto mount = sys::mount_around(path);
  return mount && std::ranges::any_of(mount->options, [](const std::string& option) { return option.starts_with("compress"); });
}

bool is_subvolume(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_ino == kSubvolumeInode;
}

}  // namespace

Result<> create_subvolume(const std::string& path) {
  Place place = TRY(place_of(path));
  btrfs_ioctl_vol_args args{};
  std::strncpy(args.name, place.name.c_str(), sizeof args.name - 1);
  // SAFETY: the kernel reads one btrfs_ioctl_vol_args.
  if (ioctl(place.parent.get(), BTRFS_IOC_SUBVOL_CREATE, &args) == 0) return {};
  if (errno == EEXIST) return fail(Code::conflict, "Subvolume {} already exists", quote(path));
  return fail_errno("Failed to create subvolume " + path);
}

Result<bool> snapshot_subvolume(const std::string& source, const std::string& target, bool read_only) {
  if (!is_subvolume(source)) return false;
  UniqueFd from = TRY(sys::open_directory(source));
  Place place = TRY(place_of(target));
  btrfs_ioctl_vol_args_v2 args{};
  args.fd = from.get();
  args.flags = read_only ? BTRFS_SUBVOL_RDONLY : 0;
  std::strncpy(args.name, place.name.c_str(), sizeof args.name - 1);
  // SAFETY: the kernel reads one btrfs_ioctl_vol_args_v2.
  if (ioctl(place.parent.get(), BTRFS_IOC_SNAP_CREATE_V2, &args) == 0) return true;
  if (errno == EXDEV || errno == ENOTTY || errno == EINVAL) return false;
  if (errno == EEXIST) return fail(Code::conflict, "Subvolume {} already exists", quote(target));
  return fail_errno("Failed to snapshot subvolume " + source);
}

void stop_copying_on_write(const std::string& path) {
  if (compressed(path)) return;
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int flags = 0;
  // SAFETY: both calls take a pointer to an int, whatever their declared size.
  if (!fd || ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags = (flags & ~FS_COMPR_FL) | FS_NOCOW_FL;
  ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
}

Result<> delete_subvolume(const Context& ctx, const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return errno == ENOENT ? Result<>() : fail_errno("Cannot look at " + path);
  if (!is_subvolume(path)) return delete_tree(ctx, path);
  Place place = TRY(place_of(path));
  btrfs_ioctl_vol_args args{};
  std::strncpy(args.name, place.name.c_str(), sizeof args.name - 1);
  // SAFETY: as above.
  if (ioctl(place.parent.get(), BTRFS_IOC_SNAP_DESTROY, &args) == 0) return {};
  if (errno != ENOTEMPTY) return fail_errno("Failed to delete subvolume " + path);
  // Subvolumes made inside it come first; removing an empty one is plain rmdir(2).
  UniqueFd self = TRY(sys::open_directory(path));
  __u64 flags = 0;
  ioctl(self.get(), BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
  return archive::remove_tree(ctx, path);
}

Result<> delete_tree(const Context& ctx, const std::string& path) {
  if (is_subvolume(path)) return delete_subvolume(ctx, path);
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return errno == ENOENT ? Result<>() : fail_errno("Cannot look at " + path);
  if (!S_ISDIR(info.st_mode)) return unlink(path.c_str()) == 0 ? Result<>() : fail_errno("Cannot remove " + path);
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(path, error)) TRY(delete_tree(ctx, item.path().string()));
  return rmdir(path.c_str()) == 0 ? Result<>() : fail_errno("Cannot remove folder " + path);
}

}  // namespace storage::btrfs
