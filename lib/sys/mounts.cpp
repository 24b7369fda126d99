#include "sys/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>

#include "base/log.h"

namespace sys {
namespace {

struct FlagName {
  std::string_view name;
  unsigned long set;
  unsigned long clear;
};
constexpr FlagName kFlags[] = {
    {"async", 0, MS_SYNCHRONOUS},     {"atime", 0, MS_NOATIME},         {"bind", MS_BIND, 0},          {"defaults", 0, 0},
    {"dev", 0, MS_NODEV},             {"diratime", 0, MS_NODIRATIME},   {"dirsync", MS_DIRSYNC, 0},    {"exec", 0, MS_NOEXEC},
    {"lazytime", MS_LAZYTIME, 0},     {"mand", MS_MANDLOCK, 0},         {"noatime", MS_NOATIME, 0},    {"nodev", MS_NODEV, 0},
    {"nodiratime", MS_NODIRATIME, 0}, {"noexec", MS_NOEXEC, 0},         {"nomand", 0, MS_MANDLOCK},    {"norelatime", 0, MS_RELATIME},
    {"nostrictatime", 0, MS_STRICTATIME}, {"nosuid", MS_NOSUID, 0},     {"private", MS_PRIVATE, 0},    {"rbind", MS_BIND | MS_REC, 0},
    {"relatime", MS_RELATIME, 0},     {"remount", MS_REMOUNT, 0},       {"ro", MS_RDONLY, 0},          {"rprivate", MS_PRIVATE | MS_REC, 0},
    {"rshared", MS_SHARED | MS_REC, 0}, {"rslave", MS_SLAVE | MS_REC, 0}, {"rw", 0, MS_RDONLY},        {"shared", MS_SHARED, 0},
    {"slave", MS_SLAVE, 0},           {"strictatime", MS_STRICTATIME, 0}, {"suid", 0, MS_NOSUID},      {"sync", MS_SYNCHRONOUS, 0},
    {"unbindable", MS_UNBINDABLE, 0}};

/// What of the flags belongs to the file system, and what to the mount.
constexpr std::pair<unsigned long, const char*> kSuperblockFlags[] = {{MS_RDONLY, "ro"}, {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"}};
constexpr std::pair<unsigned long, unsigned> kMountAttributes[] = {
    {MS_RDONLY, MOUNT_ATTR_RDONLY}, {MS_NOSUID, MOUNT_ATTR_NOSUID},         {MS_NODEV, MOUNT_ATTR_NODEV},           {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {MS_NOATIME, MOUNT_ATTR_NOATIME}, {MS_STRICTATIME, MOUNT_ATTR_STRICTATIME}, {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}};

/// Splits mount(8) options into flags and what is left for the file system.
unsigned long parse_flags(const StringList& options, StringList& rest) {
  unsigned long flags = 0;
  for (const std::string& option : options) {
    const FlagName* found = nullptr;
    for (const FlagName& row : kFlags) {
      if (row.name == option) found = &row;
    }
    if (found) flags = (flags | found->set) & ~found->clear;
    else if (!option.empty()) rest.push_back(option);
  }
  return flags;
}

Result<> set_attributes(int mount, mount_attr attributes, bool recursive, const char* what) {
  int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  if (syscall(SYS_mount_setattr, mount, "", flags, &attributes, sizeof attributes) < 0) return fail_errno(what);
  return {};
}

Result<> configure(int filesystem, const std::string& option) {
  StringList parts = split(option, '=', 2);
  long result = parts.size() == 2 ? syscall(SYS_fsconfig, filesystem, FSCONFIG_SET_STRING, parts[0].c_str(), parts[1].c_str(), 0)
                                  : syscall(SYS_fsconfig, filesystem, FSCONFIG_SET_FLAG, parts[0].c_str(), nullptr, 0);
  if (result < 0) return fail_errno("Failed setting mount option " + quote(option));
  return {};
}

std::string unescape_octal(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    auto code = text[i] == '\\' && i + 3 < text.size() ? parse_uint(text.substr(i + 1, 3), 8) : std::nullopt;
    result.push_back(code ? static_cast<char>(*code) : text[i]);
    if (code) i += 3;
  }
  return result;
}

}  // namespace

Result<UniqueFd> clone_tree_at(int folder, const std::string& path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (path.empty() ? AT_EMPTY_PATH : 0);
  UniqueFd fd(static_cast<int>(syscall(SYS_open_tree, folder, path.c_str(), flags)));
  if (!fd) return fail_errno("Failed opening " + quote(path) + " for mounting");
  return fd;
}

Result<UniqueFd> clone_tree(const std::string& path, bool recursive) { return clone_tree_at(AT_FDCWD, path, recursive); }

Result<UniqueFd> new_filesystem(const std::string& type, const std::string& source, const StringList& options) {
  UniqueFd filesystem(static_cast<int>(syscall(SYS_fsopen, type.c_str(), FSOPEN_CLOEXEC)));
  if (!filesystem) return fail_errno("Failed opening file system type " + quote(type));
  if (!source.empty() && source != "none") TRY(configure(filesystem.get(), "source=" + source));
  StringList rest;
  unsigned long flags = parse_flags(options, rest);
  for (const std::string& option : rest) TRY(configure(filesystem.get(), option));
  for (const auto& [flag, name] : kSuperblockFlags)
    if (flags & flag) TRY(configure(filesystem.get(), name));
  if (syscall(SYS_fsconfig, filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return fail_errno("Failed creating file system " + quote(source));
  unsigned attributes = 0;
  for (const auto& [flag, attribute] : kMountAttributes)
    if (flags & flag) attributes |= attribute;
  UniqueFd mount(static_cast<int>(syscall(SYS_fsmount, filesystem.get(), FSMOUNT_CLOEXEC, attributes)));
  if (!mount) return fail_errno("Failed mounting " + quote(source));
  return mount;
}

Result<> set_idmap(int mount, int user_namespace, bool recursive) {
  return set_attributes(mount, {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = static_cast<uint64_t>(user_namespace)}, recursive, "Failed making an idmapped mount");
}

Result<> set_read_only(int mount, bool recursive) { return set_attributes(mount, {.attr_set = MOUNT_ATTR_RDONLY}, recursive, "Failed making a mount read-only"); }

Result<> set_propagation(int mount, unsigned long propagation, bool recursive) {
  return set_attributes(mount, {.propagation = propagation}, recursive, "Failed setting a mount's propagation");
}

Result<> attach_mount(int mount, int folder, const std::string& target) {
  unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (target.empty() ? MOVE_MOUNT_T_EMPTY_PATH : 0);
  if (syscall(SYS_move_mount, mount, "", folder, target.c_str(), flags) < 0) return fail_errno("Failed attaching a mount at " + quote(target));
  return {};
}

Result<> mount_path(const std::string& source, const std::string& target, const std::string& type, const StringList& options) {
  StringList rest;
  unsigned long flags = parse_flags(options, rest);
  // The kernel takes propagation only by itself.
  unsigned long propagation = flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE);
  std::string data = join(rest, ",");
  unsigned long main_flags = propagation ? flags & ~(propagation | MS_REC) : flags;
  if (!propagation || main_flags || !type.empty()) {
    if (::mount(source.c_str(), target.c_str(), type.c_str(), main_flags, data.c_str()) < 0) return fail_errno(std::format("Failed mounting {} on {}", quote(source), quote(target)));
  }
  bool read_only_bind = (flags & MS_BIND) && (flags & ~(MS_BIND | MS_REC | propagation));
  if (read_only_bind && ::mount(nullptr, target.c_str(), nullptr, (main_flags & ~MS_REC) | MS_REMOUNT, nullptr) < 0) return fail_errno("Failed remounting " + quote(target));
  if (propagation && ::mount(nullptr, target.c_str(), nullptr, propagation | (flags & MS_REC), nullptr) < 0) return fail_errno("Failed setting propagation of " + quote(target));
  return {};
}

Result<> bind_mount(const std::string& source, const std::string& target, bool recursive, bool read_only) {
  StringList options = {recursive ? "rbind" : "bind"};
  if (read_only) options.push_back("ro");
  return mount_path(source, target, "", options);
}

Result<> unmount(const std::string& target) {
  if (umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == EINVAL || errno == ENOENT) return {};
  return fail_errno("Failed unmounting " + quote(target));
}

bool is_mount_point(const std::string& path) {
  struct statx info;
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &info) < 0) return false;
  return info.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

std::vector<MountInfo> mount_table() {
  std::vector<MountInfo> table;
  auto text = read_file("/proc/self/mountinfo", 64 << 20);
  for (const std::string& line : split(text ? *text : "", '\n')) {
    size_t dash = line.find(" - ");
    StringList left = split(line.substr(0, dash), ' ');
    if (dash == std::string::npos || left.size() < 6) continue;
    StringList right = split(line.substr(dash + 3), ' ');
    if (right.size() < 3) continue;
    table.push_back({unescape_octal(left[4]), right[0], unescape_octal(right[1]), split(left[5] + "," + right[2], ',')});
  }
  return table;
}

std::optional<MountInfo> mount_around(const std::string& path) {
  std::error_code error;
  std::string real = std::filesystem::canonical(path, error);
  std::optional<MountInfo> best;
  for (MountInfo& mount : mount_table()) {
    bool around = mount.target == "/" || real == mount.target || real.starts_with(mount.target + "/");
    // Of two at one place, the later one covers the other.
    if (around && !error && (!best || mount.target.size() >= best->target.size())) best = std::move(mount);
  }
  return best;
}

Mount::~Mount() {
  if (target_.empty()) return;
  auto done = unmount(target_);
  if (!done) log_warn("Cleaning up failed", {{"error", done.error().message()}});
}

}  // namespace sys
