#include "applets/helpers/caller.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace syscalls {
namespace {

using namespace instance::lxc;

/// Where a child leaves the descriptor it opened.
constexpr int kOpened = 20;

std::vector<uint64_t> numbers(const std::string& text) {
  std::vector<uint64_t> out;
  for (const std::string& word : split_list(replace_all(text, "\t", " "), ' '))
    if (auto number = parse_uint(word)) out.push_back(*number);
  return out;
}

/// Becoming another user keeps the capabilities.
bool keep_capabilities() { return prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS, 0, 0, 0) == 0; }

/// Keeps those of `wanted` that we have, and makes them count.
bool set_capabilities(uint64_t wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) data[i].effective = data[i].permitted &= static_cast<uint32_t>(wanted >> (32 * i));
  return syscall(SYS_capset, &header, data) == 0;
}

bool set_ids(const Identity& who) {
  if (setgroups(who.groups.size(), who.groups.data()) < 0 || setresgid(who.gid, who.gid, who.gid) < 0 || setresuid(who.uid, who.uid, who.uid) < 0) return false;
  setfsgid(who.fsgid);
  setfsuid(who.fsuid);
  return true;
}

bool same_namespace(int fd, const char* ours) {
  struct stat theirs, mine;
  return fstat(fd, &theirs) == 0 && stat(ours, &mine) == 0 && theirs.st_ino == mine.st_ino && theirs.st_dev == mine.st_dev;
}

}  // namespace

Result<Caller> Caller::open(const seccomp_notif& request) {
  Caller out;
  out.request_ = request;
  UniqueFd fd = out.open_proc("status", O_RDONLY);
  char buffer[16384];
  ssize_t got = fd ? read(fd.get(), buffer, sizeof buffer) : -1;
  if (got <= 0 || !out.waits()) return fail(Code::not_found, "The process is gone");
  out.status_text_.assign(buffer, static_cast<size_t>(got));
  auto uids = numbers(out.status("Uid")), gids = numbers(out.status("Gid"));
  if (uids.size() != 4 || gids.size() != 4) return fail(Code::not_found, "The process is gone");
  Identity& who = out.identity_;
  who.uid = static_cast<uid_t>(uids[1]);
  who.fsuid = static_cast<uid_t>(uids[3]);
  who.gid = static_cast<gid_t>(gids[1]);
  who.fsgid = static_cast<gid_t>(gids[3]);
  for (uint64_t group : numbers(out.status("Groups"))) who.groups.push_back(static_cast<gid_t>(group));
  who.capabilities = parse_uint(out.status("CapEff"), 16).value_or(0);
  who.umask = static_cast<mode_t>(parse_uint(out.status("Umask"), 8).value_or(022));
  return out;
}

bool Caller::waits() const {
  uint64_t id = request_.id;
  return ioctl(kNotifyListener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

std::string Caller::status(const std::string& key) const {
  for (const std::string& line : split(status_text_, '\n'))
    if (line.starts_with(key + ":")) return std::string(trim(line.substr(key.size() + 1)));
  return "";
}

Result<> Caller::read_memory(uint64_t address, void* into, size_t size) const {
  if (pread(kNotifyMemory, into, size, static_cast<off_t>(address)) != static_cast<ssize_t>(size)) return fail_errno("Failed reading memory", EFAULT);
  if (!waits()) return fail(Code::not_found, "The process is gone");
  return {};
}

Result<> Caller::write_memory(uint64_t address, const void* from, size_t size) const {
  if (!waits()) return fail(Code::not_found, "The process is gone");
  if (pwrite(kNotifyMemory, from, size, static_cast<off_t>(address)) != static_cast<ssize_t>(size)) return fail_errno("Failed writing memory", EFAULT);
  return {};
}

Result<std::string> Caller::read_text(uint64_t address, size_t limit) const {
  if (address == 0) return std::string();
  std::string text(limit, '\0');
  // The text may end right before memory that isn't there.
  ssize_t got = pread(kNotifyMemory, text.data(), text.size(), static_cast<off_t>(address));
  if (got <= 0) return fail_errno("Failed reading memory", EFAULT);
  if (!waits()) return fail(Code::not_found, "The process is gone");
  size_t end = text.substr(0, static_cast<size_t>(got)).find('\0');
  if (end == std::string::npos) return fail_errno("Failed reading memory", ENAMETOOLONG);
  text.resize(end);
  return text;
}

bool Caller::in_container(const Order& order) const {
  UniqueFd user = open_proc("ns/user", O_RDONLY);
  return user && same_namespace(user.get(), std::format("/proc/{}/ns/user", order.init).c_str());
}

std::optional<uint64_t> Caller::host_id(const char* map, uint64_t id) const {
  UniqueFd fd = open_proc(map, O_RDONLY);
  char buffer[4096];
  ssize_t got = fd ? read(fd.get(), buffer, sizeof buffer) : -1;
  for (const std::string& line : split(std::string(buffer, got > 0 ? static_cast<size_t>(got) : 0), '\n')) {
    auto row = numbers(line);
    if (row.size() == 3 && id >= row[0] && id - row[0] < row[2]) return row[1] + (id - row[0]);
  }
  return std::nullopt;
}

bool Caller::is_inner_root() const { return host_id("uid_map", 0) == identity_.uid && host_id("gid_map", 0) == identity_.gid; }

UniqueFd Caller::open_proc(const std::string& name, int flags) const { return UniqueFd(openat(kNotifyProc, name.c_str(), flags | O_CLOEXEC)); }

Result<> Caller::become(int folder) const {
  UniqueFd user = open_proc("ns/user", O_RDONLY), mounts = open_proc("ns/mnt", O_RDONLY), root = open_proc("root", O_PATH);
  UniqueFd cwd = open_proc(folder == AT_FDCWD ? "cwd" : "fd/" + std::to_string(folder), O_PATH);
  if (folder != AT_FDCWD && !cwd) return fail_errno("No such descriptor", EBADF);
  if (!user || !mounts || !root || !cwd || !waits()) return fail(Code::not_found, "The process is gone");
  // Nobody in the container may look into us while we are half way.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  umask(identity_.umask);
  if (!keep_capabilities() || !set_ids(identity_) || !set_capabilities(~0ull)) return fail(Code::internal, "Failed changing ids");
  if (!same_namespace(user.get(), "/proc/self/ns/user") && setns(user.get(), CLONE_NEWUSER) < 0) return fail(Code::internal, "Failed entering the user namespace");
  if (setns(mounts.get(), CLONE_NEWNS) < 0 || fchdir(root.get()) < 0 || chroot(".") < 0) return fail(Code::internal, "Failed entering the mount namespace");
  if (fchdir(cwd.get()) < 0) return fail_errno("Failed changing folder", ENOTDIR);
  if (!set_capabilities(identity_.capabilities)) return fail(Code::internal, "Failed dropping capabilities");
  // What comes now may wait for the container: it ends with the helper, whose time is limited. Changes of ids would have undone this.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  return {};
}

Result<UniqueFd> Caller::open_as(const std::function<int()>& work, int folder) const {
  // SAFETY: raw clone without a stack of its own is fork(2); the shared descriptor table brings what the child opens back to us.
  pid_t child = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child < 0) return fail(Code::internal, "Failed forking");
  if (child == 0) {
    auto done = become(folder);
    if (!done) _exit(done.error().sys_errno() ? done.error().sys_errno() : 255);
    int fd = work();
    _exit(fd < 0 ? errno : dup3(fd, kOpened, O_CLOEXEC) < 0 ? 255 : 0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 255) return fail(Code::internal, "Failed acting as the caller");
  if (WEXITSTATUS(status) != 0) return fail_errno("Failed opening", WEXITSTATUS(status));
  UniqueFd opened(fcntl(kOpened, F_DUPFD_CLOEXEC, kOpened + 1));  // the number is for the next one
  close(kOpened);
  return opened;
}

NotifyAnswer failed(const Error& error) { return error.sys_errno() ? failed(error.sys_errno()) : kContinue; }

}  // namespace syscalls
