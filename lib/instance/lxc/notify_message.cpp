#include "instance/lxc/notify_message.h"

#include <cstring>

namespace instance::lxc {
namespace {

/// What liblxc puts in front; request, response and cookie follow.
struct Head {
  uint64_t reserved;
  int32_t monitor;
  int32_t init;
  seccomp_notif_sizes sizes;
  uint64_t cookie_length;
};
static_assert(sizeof(Head) == 32);

constexpr size_t kResponseOffset = sizeof(Head) + sizeof(seccomp_notif);
constexpr size_t kBody = kResponseOffset + sizeof(seccomp_notif_resp);

}  // namespace

Result<Notification> parse_notification(std::string_view message) {
  if (message.size() < kBody) return fail(Code::invalid, "A forwarded system call has {} bytes, {} are needed", message.size(), kBody);
  Head head;
  memcpy(&head, message.data(), sizeof head);
  if (head.reserved != 0) return fail(Code::invalid, "A forwarded system call has its reserved field set");
  if (head.sizes.seccomp_notif != sizeof(seccomp_notif) || head.sizes.seccomp_notif_resp != sizeof(seccomp_notif_resp) || head.sizes.seccomp_data != sizeof(seccomp_data))
    return fail(Code::invalid, "This kernel's seccomp structures have other sizes than ours");
  if (head.cookie_length != message.size() - kBody) return fail(Code::invalid, "A forwarded system call has a cookie of the wrong length");
  Notification out{.monitor = head.monitor, .init = head.init, .cookie = std::string(message.substr(kBody))};
  memcpy(&out.request, message.data() + sizeof head, sizeof out.request);
  return out;
}

std::string render_answer(std::string_view message, const NotifyAnswer& answer) {
  std::string out(message.substr(0, kBody));
  seccomp_notif request;
  memcpy(&request, message.data() + sizeof(Head), sizeof request);
  bool goes_on = answer.flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE;  // the kernel refuses a result beside it
  seccomp_notif_resp response{.id = request.id, .val = goes_on ? 0 : answer.value, .error = goes_on ? 0 : answer.error, .flags = answer.flags};
  memcpy(out.data() + kResponseOffset, &response, sizeof response);
  return out;
}

}  // namespace instance::lxc
