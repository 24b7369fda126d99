// System calls that liblxc's monitor forwards to us: its message, and ours to the helper that does the work. seccomp_unotify(2), lxc.container.conf(5)
// "lxc.seccomp.notify.proxy".
#pragma once
#include <linux/seccomp.h>
#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace instance::lxc {

/// How a call ends. Both 0 with `flags` SECCOMP_USER_NOTIF_FLAG_CONTINUE: the kernel runs it as if nobody had asked.
struct NotifyAnswer {
  int64_t value = 0;   ///< what the call returns
  int32_t error = 0;   ///< negative errno; then it fails
  uint32_t flags = 0;
};
inline constexpr NotifyAnswer kContinue{.value = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

/// One forwarded call.
struct Notification {
  pid_t monitor = 0;
  pid_t init = 0;
  seccomp_notif request{};
  std::string cookie;  ///< lxc.seccomp.notify.cookie: liblxc's name of the container
};

/// The longest message taken; cookies are names of containers.
inline constexpr size_t kMaxNotifyMessage = 1024;

/// Errors: invalid (short, reserved field set, structures of other sizes than the kernel's).
Result<Notification> parse_notification(std::string_view message);
/// What goes back for `message`, which parse_notification() took.
std::string render_answer(std::string_view message, const NotifyAnswer& answer);

/// The memory file between daemon and helper: the one writes the request, the other the answer.
struct NotifyExchange {
  seccomp_notif request{};
  NotifyAnswer answer = kContinue;
};

/// Descriptors of the helper `forksyscall`.
enum NotifyFd { kNotifyProc = 3, kNotifyMemory = 4, kNotifyListener = 5, kNotifyExchange = 6 };

}  // namespace instance::lxc
