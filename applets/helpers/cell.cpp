#include "applets/helpers/cell.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <string>
#include <vector>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/mounts.h"

namespace cell {
namespace {

constexpr rlim_t kAddresses = rlim_t{1} << 30;
constexpr rlim_t kFiles = 64;
/// Of each of the up to 64 threads that read and write.
constexpr rlim_t kStack = rlim_t{1} << 20;

/// What the program and its libraries are made of.
constexpr const char* kSystem[] = {"usr", "lib", "lib32", "lib64", "bin", "sbin", "etc/ld.so.cache", "etc/alternatives", "nix/store"};

/// A folder or link of the host in the new root; what is missing stays so.
Result<> show(const std::string& root, const std::string& path) {
  std::string from = "/" + path, to = root + "/" + path;
  struct stat info;
  if (lstat(from.c_str(), &info) != 0) return {};
  for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) mkdir((root + "/" + path.substr(0, slash)).c_str(), 0755);
  if (S_ISLNK(info.st_mode)) {
    char target[PATH_MAX];
    ssize_t size = readlink(from.c_str(), target, sizeof target - 1);
    if (size < 0 || symlink(std::string(target, static_cast<size_t>(size)).c_str(), to.c_str()) != 0) return fail_errno("symlink " + to);
    return {};
  }
  if (S_ISDIR(info.st_mode) ? mkdir(to.c_str(), 0755) != 0 : mknod(to.c_str(), S_IFREG | 0600, 0) != 0) return fail_errno("create " + to);
  return sys::bind_mount(from, to, false, true);
}

Result<> enter_root(std::span<const CellFile> files) {
  // Mounts of the files are made while their own ones are still in our namespace.
  std::vector<UniqueFd> mounts;
  for (const CellFile& file : files) {
    mounts.push_back(TRY(sys::clone_tree(std::format("/proc/self/fd/{}", file.fd), false)));
    if (!file.writable) TRY(sys::set_read_only(mounts.back().get(), false));
  }
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) return fail_errno("unshare");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_errno("mount");
  // Over whatever folder there is: nobody else sees it.
  std::string root = access("/tmp", F_OK) == 0 ? "/tmp" : "/run";
  UniqueFd cell = TRY(sys::new_filesystem("tmpfs", "cell", {"size=1M", "mode=755"}));
  TRY(sys::attach_mount(cell.get(), AT_FDCWD, root));
  for (const char* path : kSystem) TRY(show(root, path));
  for (size_t i = 0; i < files.size(); ++i) {
    std::string path = root + files[i].path;
    if (mknod(path.c_str(), S_IFREG | 0600, 0) != 0) return fail_errno("create " + path);
    TRY(sys::attach_mount(mounts[i].get(), AT_FDCWD, path));
  }
  TRY(sys::set_read_only(cell.get(), false));
  if (chdir(root.c_str()) != 0 || chroot(".") != 0 || chdir("/") != 0) return fail_errno("chroot");
  return {};
}

void limit(int what, rlim_t most) {
  rlimit value{most, most};
  setrlimit(static_cast<__rlimit_resource_t>(what), &value);
}

/// For good: without a bounding set not even root's programs get any.
Result<> drop_capabilities() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no_new_privs");
  for (int number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return fail_errno("capabilities");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  // SAFETY: the kernel reads one header and two sets.
  if (syscall(SYS_capset, &header, none) != 0) return fail_errno("capabilities");
  return {};
}

/// Calls that programs never make which read and write disks. clone3(2) hides its flags from filters: without it the C library uses clone(2), which is for threads only.
Result<> filter_calls() {
  constexpr int kRefused[] = {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
                              SCMP_SYS(process_vm_writev), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(pidfd_open), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(execveat),
                              SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(fsopen), SCMP_SYS(open_tree), SCMP_SYS(move_mount),
                              SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
                              SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at), SCMP_SYS(shmget), SCMP_SYS(msgget)};
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (!filter) return fail(Code::internal, "no memory for a filter");
  bool added = true;
  for (int call : kRefused) added = added && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0;
  for (int call : {SCMP_SYS(clone3), SCMP_SYS(io_uring_setup)}) added = added && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0) == 0;
  scmp_arg_cmp no_thread{.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = 0};
  added = added && seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &no_thread) == 0;
  int loaded = added ? seccomp_load(filter) : -EINVAL;
  seccomp_release(filter);
  return loaded == 0 ? Result<>() : fail_errno("seccomp", -loaded);
}

}  // namespace

Result<> enter_cell(std::span<const CellFile> files, int64_t most_bytes) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  TRY(enter_root(files));
  limit(RLIMIT_AS, kAddresses);
  limit(RLIMIT_STACK, kStack);
  setenv("MALLOC_ARENA_MAX", "1", 1);  // one for each thread, of 128 MiB of addresses, would soon use them up
  if (most_bytes > 0) limit(RLIMIT_FSIZE, static_cast<rlim_t>(most_bytes));
  limit(RLIMIT_NOFILE, kFiles);
  limit(RLIMIT_CORE, 0);
  (void)!nice(10);
  TRY(drop_capabilities());
  return filter_calls();
}

}  // namespace cell
