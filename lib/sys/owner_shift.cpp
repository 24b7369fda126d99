#include "sys/owner_shift.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/unique_fd.h"
#include "sys/spawn.h"

namespace sys {
namespace {

/// How the kernel stores a POSIX ACL (linux/posix_acl_xattr.h): a version, then entries.
struct AclEntry {
  uint16_t tag;
  uint16_t permissions;
  uint32_t id;
};
constexpr size_t kAclHeader = 4;
constexpr uint16_t kAclUser = 2, kAclGroup = 8;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class Shifter {
 public:
  Shifter(const Context& ctx, const IdMap& from, const IdMap& to, const ShiftPreview* preview) : ctx_(ctx), from_(from), to_(to), preview_(preview) {}

  /// `name` in `parent`, and what is below it.
  Result<> visit(int parent, const std::string& name, const std::string& path) {
    TRY(ctx_.check());
    struct stat info;
    if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return fail_errno("Failed reading " + path);
    if (info.st_nlink > 1 && !S_ISDIR(info.st_mode) && !links_.insert({info.st_dev, info.st_ino}).second) return {};
    IdPair ids = shift(info.st_uid, info.st_gid);
    if (preview_) (*preview_)(path, ids);
    else TRY(change(parent, name, path, info, ids));
    return S_ISDIR(info.st_mode) ? visit_folder(parent, name, path) : Result<>();
  }

 private:
  IdPair shift(int64_t uid, int64_t gid) const {
    IdPair inside = from_.empty() ? IdPair{uid, gid} : from_.to_inside(uid, gid);
    return to_.empty() ? inside : to_.to_host(inside.uid, inside.gid);
  }

  Result<> visit_folder(int parent, const std::string& name, const std::string& path) {
    int fd = openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail_errno("Failed opening " + path);
    std::unique_ptr<DIR, CloseFolder> folder(fdopendir(fd));
    while (dirent* entry = readdir(folder.get())) {
      std::string inner = entry->d_name;
      if (inner != "." && inner != "..") TRY(visit(fd, inner, path + "/" + inner));
    }
    return {};
  }

  Result<> change(int parent, const std::string& name, const std::string& path, const struct stat& info, IdPair ids) const {
    // Through proc, so that attributes are read and written on this very file, whatever its type, and never through a link.
    UniqueFd fd(openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return fail_errno("Failed opening " + path);
    std::string proc = std::format("/proc/self/fd/{}", fd.get());
    bool link = S_ISLNK(info.st_mode);
    std::string capabilities = link ? "" : get(proc, "security.capability");  // chown(2) drops them
    if (fchownat(fd.get(), "", static_cast<uid_t>(ids.uid), static_cast<gid_t>(ids.gid), AT_EMPTY_PATH) < 0) return fail_errno("Failed to change ownership of: " + path);
    if (link) return {};
    if (info.st_mode & (S_ISUID | S_ISGID) && chmod(proc.c_str(), info.st_mode & 07777) < 0) return fail_errno("Failed to change mode of: " + path);
    for (const char* acl : {"system.posix_acl_access", "system.posix_acl_default"}) TRY(change_acl(proc, acl, path));
    return capabilities.empty() ? Result<>() : change_capabilities(proc, capabilities, path);
  }

  static std::string get(const std::string& proc, const char* name) {
    char buffer[4096];
    ssize_t size = getxattr(proc.c_str(), name, buffer, sizeof buffer);
    return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : "";
  }

  Result<> change_acl(const std::string& proc, const char* name, const std::string& path) const {
    std::string acl = get(proc, name);
    bool changed = false;
    for (size_t at = kAclHeader; at + sizeof(AclEntry) <= acl.size(); at += sizeof(AclEntry)) {
      AclEntry entry;
      memcpy(&entry, acl.data() + at, sizeof entry);
      if (entry.tag != kAclUser && entry.tag != kAclGroup) continue;
      IdPair ids = shift(entry.id, entry.id);
      int64_t id = entry.tag == kAclUser ? ids.uid : ids.gid;
      if (id < 0) continue;
      entry.id = static_cast<uint32_t>(id);
      memcpy(acl.data() + at, &entry, sizeof entry);
      changed = true;
    }
    if (changed && setxattr(proc.c_str(), name, acl.data(), acl.size(), 0) < 0) return fail_errno("Failed to change ACLs on " + path);
    return {};
  }

  /// Capabilities count for the user namespace whose root is named in them; none is named for the host's own.
  Result<> change_capabilities(const std::string& proc, const std::string& old, const std::string& path) const {
    vfs_ns_cap_data data{};
    memcpy(&data, old.data(), std::min(old.size(), sizeof data));
    int64_t root = to_.empty() ? 0 : to_.to_host(0, 0).uid;
    uint32_t flags = data.magic_etc & ~VFS_CAP_REVISION_MASK;
    data.magic_etc = flags | (root > 0 ? VFS_CAP_REVISION_3 : VFS_CAP_REVISION_2);
    data.rootid = static_cast<uint32_t>(root);
    size_t size = root > 0 ? sizeof data : offsetof(vfs_ns_cap_data, rootid);
    if (setxattr(proc.c_str(), "security.capability", &data, size, 0) < 0) return fail_errno("Failed to apply capabilities to: " + path);
    return {};
  }

  const Context& ctx_;
  const IdMap& from_;
  const IdMap& to_;
  const ShiftPreview* preview_;
  std::set<std::pair<dev_t, ino_t>> links_;
};

Result<> run_shifter(const std::string& path, Shifter shifter) {
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
  if (access(trimmed.c_str(), F_OK) < 0 && errno == ENOENT) return fail(Code::not_found, "No such file or directory: {}", quote(trimmed));
  return shifter.visit(AT_FDCWD, trimmed, trimmed);
}

}  // namespace

bool idmapped_mount_works(const std::string& path) {
  const char* disabled = getenv("INCUS_IDMAPPED_MOUNTS_DISABLE");
  if (disabled && is_true(disabled)) return false;
  struct statfs info;
  if (statfs(path.c_str(), &info) < 0) return false;
  static std::mutex mutex;
  static std::map<long, bool> known;
  std::lock_guard lock(mutex);
  auto found = known.find(info.f_type);
  if (found != known.end()) return found->second;
  auto probe = run(Context::detached(seconds(10)), self_spec("forkidmap", {path}), {.check = false});
  return known[info.f_type] = probe && probe->status.ok();
}

Result<> shift_owners(const Context& ctx, const std::string& path, const IdMap& from, const IdMap& to) { return run_shifter(path, Shifter(ctx, from, to, nullptr)); }

Result<> preview_shift(const std::string& path, const IdMap& from, const IdMap& to, const ShiftPreview& preview) {
  Context ctx;
  return run_shifter(path, Shifter(ctx, from, to, &preview));
}

}  // namespace sys
