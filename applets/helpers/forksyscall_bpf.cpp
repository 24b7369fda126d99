// bpf(2) for containers: device programs of control groups, which need rights on the host. Everything else goes on unaided.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "applets/helpers/caller.h"

namespace syscalls {
namespace {

constexpr uint32_t kMaxInstructions = 1000000;  // the kernel's own limit
constexpr size_t kMaxLog = 4096;
constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD: pidfd_open(2), kernel 6.9

long bpf(int command, bpf_attr& attributes, size_t size) { return syscall(SYS_bpf, command, &attributes, size); }

uint64_t address_of(const void* data) { return reinterpret_cast<uint64_t>(data); }  // SAFETY: how bpf(2) takes pointers

NotifyAnswer load(const Caller& caller, const bpf_attr& given) {
  if (given.prog_type != BPF_PROG_TYPE_CGROUP_DEVICE || given.insn_cnt > kMaxInstructions) return kContinue;
  std::vector<bpf_insn> program(given.insn_cnt);
  auto read = caller.read_memory(given.insns, program.data(), program.size() * sizeof(bpf_insn));
  auto license = caller.read_text(given.license, 128);
  if (!read || !license) return failed(EFAULT);
  std::string log(std::min<size_t>(given.log_size, kMaxLog), '\0');
  bpf_attr own{};
  own.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  own.insn_cnt = given.insn_cnt;
  own.insns = address_of(program.data());
  own.license = address_of(license->c_str());
  own.log_level = log.empty() ? 0 : given.log_level;
  own.log_size = static_cast<uint32_t>(own.log_level ? log.size() : 0);
  own.log_buf = own.log_level ? address_of(log.data()) : 0;
  memcpy(own.prog_name, given.prog_name, sizeof own.prog_name - 1);
  int fd = static_cast<int>(bpf(BPF_PROG_LOAD, own, sizeof own));
  if (fd < 0) {
    int error = errno;
    if (own.log_level) (void)caller.write_memory(given.log_buf, log.data(), log.size());
    return failed(error);
  }
  seccomp_notif_addfd added{};
  added.id = caller.request().id;
  added.srcfd = static_cast<uint32_t>(fd);
  added.newfd_flags = O_CLOEXEC;
  int number = ioctl(instance::lxc::kNotifyListener, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
  return number < 0 ? failed(errno) : NotifyAnswer{.value = number, .error = 0, .flags = 0};
}

/// The caller's own thread: its descriptor table is the one that the numbers are from.
UniqueFd open_caller(const Caller& caller) {
  pid_t thread = static_cast<pid_t>(caller.request().pid);
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, thread, kPidfdThread)));
  if (!fd && errno == EINVAL && caller.status("Tgid") == caller.status("Pid")) fd.reset(static_cast<int>(syscall(SYS_pidfd_open, thread, 0)));
  return caller.waits() ? std::move(fd) : UniqueFd();
}

NotifyAnswer change(const Caller& caller, int command, bpf_attr attributes, size_t size) {
  if (attributes.attach_type != BPF_CGROUP_DEVICE) return kContinue;
  UniqueFd process = open_caller(caller);
  if (!process) return kContinue;
  auto take = [&](uint32_t number) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0))); };
  UniqueFd group = take(attributes.target_fd), program = take(attributes.attach_bpf_fd);
  if (!group || !program) return failed(EBADF);
  attributes.target_fd = static_cast<uint32_t>(group.get());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.get());
  if (attributes.attach_flags & BPF_F_REPLACE) {
    UniqueFd replaced = take(attributes.replace_bpf_fd);
    if (!replaced) return failed(EBADF);
    attributes.replace_bpf_fd = static_cast<uint32_t>(replaced.release());
  }
  return bpf(command, attributes, size) < 0 ? failed(errno) : NotifyAnswer{};
}

}  // namespace

NotifyAnswer emulate_bpf(const Caller& caller, const Order& order) {
  bpf_attr attributes{};
  uint64_t size = caller.argument(2);
  if (!order.bpf_devices || !caller.has_capability(CAP_SYS_ADMIN) || !caller.in_container(order)) return kContinue;
  if (size > sizeof attributes) return failed(E2BIG);
  if (!caller.read_memory(caller.argument(1), &attributes, size)) return failed(EFAULT);
  int command = static_cast<int>(caller.argument(0));
  if (command == BPF_PROG_LOAD) return load(caller, attributes);
  if (command == BPF_PROG_ATTACH || command == BPF_PROG_DETACH) return change(caller, command, attributes, size);
  return kContinue;
}

}  // namespace syscalls
