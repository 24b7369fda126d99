#include "instance/lxc/seccomp.h"

#include <algorithm>
#include <array>

namespace instance::lxc {
namespace {

// What no container may do: load kernels and modules, and open files by handle (that would escape its mounts).
constexpr std::string_view kDenyDefault =
    "reject_force_umount\n"
    "[all]\n"
    "kexec_load errno 38\n"
    "open_by_handle_at errno 38\n"
    "init_module errno 38\n"
    "finit_module errno 38\n"
    "delete_module errno 38\n";

// A container whose calls are intercepted must not install a tracer (SECCOMP_RET_TRACE) or a listener of its own over ours.
constexpr std::string_view kKeepListener =
    "seccomp errno 22 [1,2146435072,SCMP_CMP_MASKED_EQ,2146435072]\n"
    "seccomp errno 22 [1,8,SCMP_CMP_MASKED_EQ,8]\n";

struct Intercept {
  std::string_view key;
  std::string_view rules;
};

constexpr std::array kIntercepts = {
    // S_IFCHR and S_IFBLK nodes only.
    Intercept{"security.syscalls.intercept.mknod",
              "mknod notify [1,8192,SCMP_CMP_MASKED_EQ,61440]\nmknod notify [1,24576,SCMP_CMP_MASKED_EQ,61440]\n"
              "mknodat notify [2,8192,SCMP_CMP_MASKED_EQ,61440]\nmknodat notify [2,24576,SCMP_CMP_MASKED_EQ,61440]\n"},
    Intercept{"security.syscalls.intercept.sched_setscheduler", "sched_setscheduler notify\n"},
    // overlayfs whiteout markers have a value of one byte.
    Intercept{"security.syscalls.intercept.setxattr", "setxattr notify [3,1,SCMP_CMP_EQ]\n"},
    Intercept{"security.syscalls.intercept.sysinfo", "sysinfo notify\n"},
    // Only flags that make a new superblock; the new mount API is hidden so that mount(8) falls back to mount(2).
    Intercept{"security.syscalls.intercept.mount",
              "mount notify [3,0,SCMP_CMP_MASKED_EQ,18446744070422410016]\nfsopen errno 38\nfsconfig errno 38\n"},
    // BPF_PROG_LOAD, BPF_PROG_ATTACH, BPF_PROG_DETACH.
    Intercept{"security.syscalls.intercept.bpf", "bpf notify [0,5,SCMP_CMP_EQ]\nbpf notify [0,8,SCMP_CMP_EQ]\nbpf notify [0,9,SCMP_CMP_EQ]\n"},
};

// The entry points of 32-bit and x32 programs.
constexpr std::string_view kCompatCalls[] = {
    "compat_sys_rt_sigaction", "stub_x32_rt_sigreturn", "compat_sys_ioctl", "compat_sys_readv", "compat_sys_writev", "compat_sys_recvfrom",
    "compat_sys_sendmsg", "compat_sys_recvmsg", "stub_x32_execve", "compat_sys_ptrace", "compat_sys_rt_sigpending", "compat_sys_rt_sigtimedwait",
    "compat_sys_rt_sigqueueinfo", "compat_sys_sigaltstack", "compat_sys_timer_create", "compat_sys_mq_notify", "compat_sys_kexec_load",
    "compat_sys_waitid", "compat_sys_set_robust_list", "compat_sys_get_robust_list", "compat_sys_vmsplice", "compat_sys_move_pages",
    "compat_sys_preadv64", "compat_sys_pwritev64", "compat_sys_rt_tgsigqueueinfo", "compat_sys_recvmmsg", "compat_sys_sendmmsg",
    "compat_sys_process_vm_readv", "compat_sys_process_vm_writev", "compat_sys_setsockopt", "compat_sys_getsockopt", "compat_sys_io_setup",
    "compat_sys_io_submit", "stub_x32_execveat"};

/// A key that also has a former name; nothing if neither is set.
std::optional<std::string> either(const StringMap& config, const std::string& key, const std::string& former) {
  for (const std::string& name : {key, former}) {
    auto found = config.find(name);
    if (found != config.end()) return found->second;
  }
  return std::nullopt;
}

bool denies_default(const StringMap& config) {
  auto value = either(config, "security.syscalls.deny_default", "security.syscalls.blacklist_default");
  return !value || is_true(*value);
}

bool denies_compat(const StringMap& config) {
  return is_true(either(config, "security.syscalls.deny_compat", "security.syscalls.blacklist_compat").value_or(""));
}

/// Within a container ourselves, whoever runs that one answers.
bool is_nested() {
  static const bool nested = [] {
    auto map = read_file("/proc/self/uid_map");
    return map && split_list(trim(*map), ' ') != StringList{"0", "0", "4294967295"};
  }();
  return nested;
}

bool needs_policy(const StringMap& config) {
  for (const char* key : {"raw.seccomp", "security.syscalls.allow", "security.syscalls.deny", "security.syscalls.whitelist", "security.syscalls.blacklist"}) {
    if (config.contains(key)) return true;
  }
  bool intercepts = std::ranges::any_of(kIntercepts, [&](const Intercept& row) { return is_true(get_or(config, std::string(row.key))); });
  return intercepts || denies_compat(config) || denies_default(config);
}

std::string intercept_rules(const StringMap& config, bool privileged) {
  if (!needs_intercept(config, privileged)) return "";
  std::string rules(kKeepListener);
  for (const Intercept& row : kIntercepts) {
    if (is_true(get_or(config, std::string(row.key)))) rules += row.rules;
  }
  return rules;
}

}  // namespace

bool needs_intercept(const StringMap& config, bool privileged) {
  if (privileged || is_nested()) return false;
  return std::ranges::any_of(kIntercepts, [&](const Intercept& row) { return is_true(get_or(config, std::string(row.key))); });
}

std::optional<std::string> seccomp_policy(const StringMap& config, bool privileged, const std::string& architecture) {
  if (!needs_policy(config)) return std::nullopt;
  std::string raw = get_or(config, "raw.seccomp");
  if (!raw.empty()) return raw;
  std::string allow = either(config, "security.syscalls.allow", "security.syscalls.whitelist").value_or("");
  if (!allow.empty()) return "2\nallowlist\n[all]\n" + allow + (allow.ends_with('\n') ? "" : "\n") + intercept_rules(config, privileged);
  std::string policy = "2\ndenylist\n[all]\n";
  if (denies_default(config)) policy += kDenyDefault;
  policy += intercept_rules(config, privileged);
  if (denies_compat(config)) {
    policy += "[" + architecture + "]\n";
    for (std::string_view call : kCompatCalls) policy += std::format("{} errno 38\n", call);
  }
  return policy + either(config, "security.syscalls.deny", "security.syscalls.blacklist").value_or("");
}

}  // namespace instance::lxc
