// Mounts with the descriptor API: open_tree(2), mount_setattr(2), move_mount(2), fsopen(2).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace sys {

/// A detached copy of what is mounted at `path` (with everything below, if `recursive`).
Result<UniqueFd> clone_tree(const std::string& path, bool recursive);
Result<UniqueFd> clone_tree_at(int folder, const std::string& path, bool recursive);
/// A detached mount of a new file system. Options are `key` or `key=value`.
Result<UniqueFd> new_filesystem(const std::string& type, const std::string& source, const StringList& options);
/// Makes a detached mount idmapped with the map of a user namespace.
Result<> set_idmap(int mount, int user_namespace, bool recursive);
Result<> set_read_only(int mount, bool recursive);
/// `propagation`: MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE.
Result<> set_propagation(int mount, unsigned long propagation, bool recursive);
/// Puts a detached mount at `target` (below `folder`, or a path as it is with AT_FDCWD; empty: the folder itself).
Result<> attach_mount(int mount, int folder, const std::string& target);

/// mount(2); `options` are flags ("ro", "bind", "nosuid", …) and file system options as in fstab(5).
Result<> mount_path(const std::string& source, const std::string& target, const std::string& type, const StringList& options = {});
/// A bind mount: recursive binds copy what is mounted below.
Result<> bind_mount(const std::string& source, const std::string& target, bool recursive = false, bool read_only = false);
/// umount2(2), detached at once. Success if nothing is mounted there.
Result<> unmount(const std::string& target);
bool is_mount_point(const std::string& path);

struct MountInfo {
  std::string target, type, source;
  StringList options;
};
/// All mounts of our namespace, from /proc/self/mountinfo.
std::vector<MountInfo> mount_table();
/// The innermost mount that `path`, which exists, is in; nothing if it can't be told.
std::optional<MountInfo> mount_around(const std::string& path);

/// Unmounts on destruction unless released.
class Mount {
 public:
  Mount() = default;
  explicit Mount(std::string target) : target_(std::move(target)) {}
  Mount(Mount&& other) noexcept : target_(std::exchange(other.target_, {})) {}
  Mount& operator=(Mount&& other) noexcept {
    std::swap(target_, other.target_);
    return *this;
  }
  ~Mount();
  void release() { target_.clear(); }

 private:
  std::string target_;
};

}  // namespace sys
