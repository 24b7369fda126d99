// mount(2) of file systems that the administrator lets a container mount: by the kernel with the host's rights, or by a FUSE program inside.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "applets/helpers/caller.h"
#include "sys/cgroup.h"
#include "sys/mounts.h"

namespace syscalls {
namespace {

struct Request {
  std::string source, target, type;
  unsigned long flags = 0;
  StringList options;  ///< of the file system
};

struct FlagOption {
  unsigned long flag;
  const char* option;
};
constexpr FlagOption kFlagOptions[] = {{MS_RDONLY, "ro"},   {MS_NOSUID, "nosuid"},   {MS_NODEV, "nodev"},           {MS_NOEXEC, "noexec"},           {MS_SYNCHRONOUS, "sync"},
                                       {MS_DIRSYNC, "dirsync"}, {MS_NOATIME, "noatime"}, {MS_NODIRATIME, "nodiratime"}, {MS_STRICTATIME, "strictatime"}, {MS_LAZYTIME, "lazytime"}};

Result<Request> read_request(const Caller& caller) {
  Request out{.source = TRY(caller.read_text(caller.argument(0))), .target = TRY(caller.read_text(caller.argument(1))), .type = TRY(caller.read_text(caller.argument(2), 256)),
              .flags = caller.argument(3), .options = {}};
  out.options = split_list(TRY(caller.read_text(caller.argument(4))), ',');
  return out;
}

/// "ext4=fuse2fs" -> the program for a type; empty if it is not to be mounted that way.
std::string fuse_program(const std::string& table, const std::string& type) {
  for (const std::string& entry : split_list(table, ',')) {
    StringList parts = split(entry, '=', 2);
    if (parts.size() == 2 && trim(parts[0]) == type) return std::string(trim(parts[1]));
  }
  return "";
}

/// hugetlbfs gives its root to one user: the caller, or whom the caller names by its own ids.
void set_hugetlbfs_owner(const Caller& caller, StringList& options) {
  struct Owner {
    const char* key;
    const char* map;
    uint64_t fallback;
  };
  for (const Owner& owner : {Owner{"uid=", "uid_map", caller.identity().uid}, Owner{"gid=", "gid_map", caller.identity().gid}}) {
    auto given = std::ranges::find_if(options, [&](const std::string& option) { return option.starts_with(owner.key); });
    if (given == options.end()) {
      options.push_back(owner.key + std::to_string(owner.fallback));
      continue;
    }
    auto id = parse_uint(given->substr(4));
    auto host = id ? caller.host_id(owner.map, *id) : std::nullopt;
    if (host) *given = owner.key + std::to_string(*host);
  }
}

/// A device or file that is named must be one that the caller may use. What isn't a path is left to the file system.
Result<> check_source(const Caller& caller, const Request& request) {
  if (request.source.empty() || request.source == "none") return {};
  int wanted = request.flags & MS_RDONLY ? R_OK : R_OK | W_OK;
  auto opened = caller.open_as([&] {
    int fd = open(request.source.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) return -1;
    struct stat info;
    bool folder = fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
    return folder || syscall(SYS_faccessat2, fd, "", wanted, AT_EACCESS | AT_EMPTY_PATH) == 0 ? fd : -1;
  }, AT_FDCWD);
  if (opened || opened.error().sys_errno() == ENOENT) return {};
  return std::unexpected(std::move(opened).error());
}

/// From here on our paths mean what the caller means; our rights stay.
bool enter_mounts(const Caller& caller) {
  UniqueFd mounts = caller.open_proc("ns/mnt", O_RDONLY), root = caller.open_proc("root", O_PATH), cwd = caller.open_proc("cwd", O_PATH);
  if (!mounts || !root || !cwd || !caller.waits()) return false;
  return setns(mounts.get(), CLONE_NEWNS) == 0 && fchdir(root.get()) == 0 && chroot(".") == 0 && fchdir(cwd.get()) == 0;
}

NotifyAnswer mount_by_kernel(const Caller& caller, const Order& order, Request request) {
  auto place = caller.open_as([&] { return open(request.target.c_str(), O_PATH | O_CLOEXEC); }, AT_FDCWD);
  if (!place) return failed(place.error());
  if (auto allowed = check_source(caller, request); !allowed) return failed(allowed.error());
  bool hugepages = request.type == "hugetlbfs";
  if (hugepages) set_hugetlbfs_owner(caller, request.options);
  for (const FlagOption& row : kFlagOptions)
    if (request.flags & row.flag) request.options.push_back(row.option);
  // Its content may be the container's: a node in it must not reach the host's devices.
  if (!(request.flags & MS_NODEV)) request.options.push_back("nodev");
  UniqueFd user = caller.open_proc("ns/user", O_RDONLY);
  if (!user || !enter_mounts(caller)) return kContinue;
  auto mount = sys::new_filesystem(request.type, request.source, request.options);
  if (!mount) return failed(mount.error());
  if (order.shift && !hugepages) (void)sys::set_idmap(mount->get(), user.get(), false);  // a file system that can't is mounted as it is
  auto attached = sys::attach_mount(mount->get(), place->get(), "");
  return attached ? NotifyAnswer{} : failed(attached.error());
}

/// The program counts as the container's: it is limited with it and ends with it.
void join_control_groups(const Caller& caller) {
  UniqueFd fd = caller.open_proc("cgroup", O_RDONLY);
  char buffer[8192];
  ssize_t got = fd ? read(fd.get(), buffer, sizeof buffer) : -1;
  std::string own = std::to_string(getpid());
  for (const std::string& line : split(std::string(buffer, got > 0 ? static_cast<size_t>(got) : 0), '\n')) {
    StringList fields = split(line, ':', 3);
    if (fields.size() != 3) continue;
    std::string name = fields[1].starts_with("name=") ? fields[1].substr(5) : fields[1];
    std::string mount = name.empty() ? sys::cgroup_mount() : "/sys/fs/cgroup/" + name;
    UniqueFd file(open((mount + fields[2] + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (file) (void)!write(file.get(), own.data(), own.size());
  }
}

[[noreturn]] void become_fuse_program(const Caller& caller, const StringList& command) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  join_control_groups(caller);
  for (const char* name : {"ns/pid", "ns/net", "ns/ipc", "ns/uts", "ns/cgroup"}) {
    UniqueFd fd = caller.open_proc(name, O_RDONLY);
    if (!fd || setns(fd.get(), 0) < 0) _exit(1);
  }
  if (!caller.become(AT_FDCWD)) _exit(1);
  close_range(3, ~0u, 0);  // before we can be seen in there
  pid_t child = fork();    // only children are in the new process namespace
  if (child == 0) {
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  _exit(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

NotifyAnswer mount_by_fuse(const Caller& caller, const std::string& program, const Request& request) {
  StringList options = request.options, command = {"mount.fuse", program + "#" + request.source, request.target};
  for (const FlagOption& row : kFlagOptions)
    if (request.flags & row.flag) options.push_back(row.option);
  if (!options.empty()) command.insert(command.end(), {"-o", join(options, ",")});
  pid_t child = fork();
  if (child == 0) become_fuse_program(caller, command);
  int status = 0;
  bool ok = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ok ? NotifyAnswer{} : kContinue;
}

}  // namespace

NotifyAnswer emulate_mount(const Caller& caller, const Order& order) {
  auto request = read_request(caller);
  if (!request) return failed(request.error());
  std::string program = fuse_program(order.fuse, request->type);
  bool allowed = std::ranges::any_of(split_list(order.allowed, ','), [&](const std::string& type) { return trim(type) == request->type; });
  if (request->type.empty() || (program.empty() && !allowed)) return kContinue;
  if (!caller.has_capability(CAP_SYS_ADMIN) || !caller.in_container(order)) return kContinue;
  return program.empty() ? mount_by_kernel(caller, order, std::move(*request)) : mount_by_fuse(caller, program, *request);
}

}  // namespace syscalls
