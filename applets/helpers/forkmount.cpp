// Mounts into, and unmounts from, a running container. Descriptor 3 is init's pidfd. The mount is made (and idmapped) out here, then put in place from
// inside the container's mount namespace, where its paths mean what the container means.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "applets/applet.h"
#include "base/strings.h"
#include "sys/in_root.h"
#include "sys/mounts.h"

namespace {

constexpr int kInit = 3;

Result<UniqueFd> user_namespace_of_init() {
  // pidfd ioctl PIDFD_GET_USER_NAMESPACE (kernel 6.11); before, through proc with the pid of the pidfd.
  std::string info = TRY(read_file("/proc/self/fdinfo/3"));
  for (const std::string& line : split(info, '\n')) {
    if (!line.starts_with("Pid:")) continue;
    UniqueFd fd(open(std::format("/proc/{}/ns/user", trim(line.substr(4))).c_str(), O_RDONLY | O_CLOEXEC));
    if (fd) return fd;
  }
  return fail_errno("Failed opening the container's user namespace");
}

bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<UniqueFd> make_mount(const std::string& source, const std::string& type, const StringList& options) {
  bool bind = contains(options, "bind") || contains(options, "rbind") || type == "none";
  bool recursive = contains(options, "rbind");
  StringList passed;
  for (const std::string& option : options) {
    if (option != "idmap" && !option.starts_with("create=") && option != "optional") passed.push_back(option);
  }
  UniqueFd mount = bind ? TRY(sys::clone_tree(source, recursive)) : TRY(sys::new_filesystem(type, source, passed));
  if (contains(options, "idmap")) TRY(sys::set_idmap(mount.get(), TRY(user_namespace_of_init()).get(), recursive));
  if (bind && contains(options, "ro")) TRY(sys::set_read_only(mount.get(), recursive));
  static constexpr std::pair<std::string_view, unsigned long> kPropagations[] = {{"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"private", MS_PRIVATE}, {"unbindable", MS_UNBINDABLE}};
  for (const auto& [name, flag] : kPropagations) {
    if (contains(options, name)) TRY(sys::set_propagation(mount.get(), flag, false));
    if (contains(options, "r" + std::string(name))) TRY(sys::set_propagation(mount.get(), flag, true));
  }
  return mount;
}

/// The place to mount on, made if it is missing.
Result<UniqueFd> make_target(int root, const std::string& target, bool folder) {
  auto existing = sys::open_in_root(root, target, O_PATH);
  if (existing || existing.error().code() != Code::not_found) return existing;
  if (folder) return sys::make_folders_in_root(root, target, 0755);
  size_t slash = target.find_last_of('/');
  if (slash != std::string::npos) TRY(sys::make_folders_in_root(root, target.substr(0, slash), 0755));
  TRY(sys::open_in_root(root, target, O_WRONLY | O_CREAT, 0644));
  return sys::open_in_root(root, target, O_PATH);
}

/// What is created from here on belongs to these ids; our rights stay (setfsuid(2) drops those over files).
Result<> create_as(uid_t uid, gid_t gid) {
  setfsgid(gid);
  setfsuid(uid);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) < 0) return fail_errno("Failed reading capabilities");
  for (__user_cap_data_struct& word : data) word.effective = word.permitted;
  if (syscall(SYS_capset, &header, data) < 0) return fail_errno("Failed setting capabilities");
  return {};
}

Result<> attach(const Args& args) {
  const std::string &source = args[1], &target = args[2];
  bool folder = is_folder(source) || args[3] != "none";
  UniqueFd mount = TRY(make_mount(source, args[3], split_list(args[4])));
  if (setns(kInit, CLONE_NEWNS) < 0) return fail_errno("Failed entering the container");
  UniqueFd root = TRY(sys::open_in_root(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
  TRY(create_as(static_cast<uid_t>(parse_uint(args[5]).value_or(0)), static_cast<gid_t>(parse_uint(args[6]).value_or(0))));
  UniqueFd place = TRY(make_target(root.get(), target, folder));
  return sys::attach_mount(mount.get(), place.get(), "");
}

Result<> detach(const Args& args) {
  if (setns(kInit, CLONE_NEWNS) < 0) return fail_errno("Failed entering the container");
  // "/" is the container's root now, so whatever links the path has stay in it.
  std::string path = "/" + args[1];
  if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT) return fail_errno("Failed unmounting " + quote(args[1]));
  if (args[2] != "1") return {};
  if (unlink(path.c_str()) < 0 && errno == EISDIR) rmdir(path.c_str());
  return {};
}

/// `forkmount attach SOURCE TARGET TYPE OPTIONS UID GID` or `forkmount detach TARGET REMOVE`
int run_forkmount(const Args& args) {
  Result<> done = fail(Code::invalid, "forkmount: wrong arguments");
  if (args.size() == 7 && args[0] == "attach") done = attach(args);
  if (args.size() == 3 && args[0] == "detach") done = detach(args);
  if (done) return 0;
  dprintf(STDERR_FILENO, "%s\n", done.error().message().c_str());
  return 1;
}

}  // namespace

extern const Applet forkmount_applet;
const Applet forkmount_applet = {.name = "forkmount", .flags = kHidden | kEarly, .summary = "Mount in a running container", .run = run_forkmount};
