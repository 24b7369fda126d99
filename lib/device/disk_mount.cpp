#include "device/disk_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"
#include "sys/spawn.h"

namespace device {
namespace {

struct Propagation {
  std::string_view name;
  unsigned long flags;
};
constexpr Propagation kPropagations[] = {
    {"private", MS_PRIVATE},           {"shared", MS_SHARED},           {"slave", MS_SLAVE},           {"unbindable", MS_UNBINDABLE},
    {"rprivate", MS_PRIVATE | MS_REC}, {"rshared", MS_SHARED | MS_REC}, {"rslave", MS_SLAVE | MS_REC}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

struct MountFlag {
  std::string_view name;
  unsigned long flag;
};
constexpr MountFlag kMountFlags[] = {
    {"dirsync", MS_DIRSYNC}, {"noatime", MS_NOATIME}, {"nodev", MS_NODEV},   {"nodiratime", MS_NODIRATIME}, {"noexec", MS_NOEXEC},
    {"nosuid", MS_NOSUID},   {"relatime", MS_RELATIME}, {"ro", MS_RDONLY},   {"strictatime", MS_STRICTATIME}, {"sync", MS_SYNCHRONOUS},
    {"lazytime", MS_LAZYTIME}, {"defaults", 0},       {"rw", 0},
};

Result<unsigned long> propagation_flags(const std::string& name) {
  for (const Propagation& propagation : kPropagations)
    if (propagation.name == name) return propagation.flags;
  return fail(Code::invalid, "Invalid propagation mode {}", quote(name));
}

Result<> make_target(const DiskMount& mount) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(mount.target).parent_path(), error);
  if (!mount.file) std::filesystem::create_directories(mount.target, error);
  if (error) return fail_errno("Failed creating " + mount.target, error.value());
  if (!mount.file) return {};
  UniqueFd fd(open(mount.target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  return fd ? Result<>() : fail_errno("Failed creating " + mount.target);
}

}  // namespace

Result<> mount_disk(const DiskMount& mount) {
  TRY(make_target(mount));
  unsigned long flags = mount.fs_type == "none" ? MS_BIND : 0;
  StringList data;
  for (const std::string& option : mount.options) {
    const MountFlag* known = nullptr;
    for (const MountFlag& candidate : kMountFlags)
      if (candidate.name == option) known = &candidate;
    if (known) flags |= known->flag;
    else data.push_back(option);
  }
  if (mount.recursive) flags |= MS_REC;
  if (mount.readonly) flags |= MS_RDONLY;
  std::string text = join(data, ",");
  auto describe = [&](std::string_view what) { return std::format("Unable to mount {} at {}{}", quote(mount.source), quote(mount.target), what); };
  if (::mount(mount.source.c_str(), mount.target.c_str(), mount.fs_type.c_str(), flags, text.empty() ? nullptr : text.c_str()) != 0)
    return fail_errno(describe(std::format(" with filesystem {}", quote(mount.fs_type))));
  auto undo = [&](Failure failure) {
    umount2(mount.target.c_str(), MNT_DETACH);
    return failure;
  };
  // A bind mount takes "ro" only when mounted again.
  if (flags & MS_BIND && flags & MS_RDONLY && ::mount("", mount.target.c_str(), "none", MS_RDONLY | MS_BIND | MS_REMOUNT, nullptr) != 0)
    return undo(fail_errno(describe(" in readonly mode")));
  if (!mount.propagation.empty()) {
    auto propagation = propagation_flags(mount.propagation);
    if (!propagation) return undo(std::unexpected(propagation.error()));
    if (::mount("", mount.target.c_str(), nullptr, *propagation, nullptr) != 0) return undo(fail_errno(describe(": propagation")));
  } else if (::mount("", mount.target.c_str(), nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return undo(fail_errno(describe(": propagation")));
  }
  return {};
}

Result<> unmount_disk(const std::string& target) {
  struct stat info;
  if (lstat(target.c_str(), &info) != 0) return {};
  while (umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  if (errno != EINVAL && errno != ENOENT) return fail_errno("Failed unmounting " + target);
  if (::remove(target.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed removing " + target);
  return {};
}

Result<std::string> block_file_system(const Context& ctx, const std::string& path) {
  auto output = sys::run(ctx, {"blkid", "-s", "TYPE", "-o", "value", path});
  if (!output) return std::unexpected(std::move(output).error().wrap(std::format("Failed detecting source path {} block device filesystem", quote(path))));
  std::string type(trim(output->out));
  if (type.empty()) return fail(Code::invalid, "No file system found on {}", quote(path));
  return type;
}

}  // namespace device
