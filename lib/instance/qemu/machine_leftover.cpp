// QEMUs whose start was cut short together with the daemon: nobody will ever let them run.
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "instance/qemu/machine_impl.h"
#include "sys/proc.h"
#include "sys/spawn.h"

namespace instance::qemu {
namespace {

constexpr seconds kEndTime{10};

bool is_of(pid_t pid, const std::string& pid_file) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/cmdline", 1 << 20);
  StringList words = text ? split(*text, '\0') : StringList();
  auto found = std::ranges::find(words, "-pidfile");
  return found != words.end() && ++found != words.end() && *found == pid_file;
}

}  // namespace

void end_leftover(const Context& ctx, const MachinePaths& paths) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    auto pid = parse_int(entry.path().filename().string());
    if (!pid || *pid <= 1 || !is_of(static_cast<pid_t>(*pid), paths.pid_file())) continue;
    auto process = sys::pidfd_open(static_cast<pid_t>(*pid));
    // The pidfd is of the right process only if that has this file now.
    if (!process || !is_of(static_cast<pid_t>(*pid), paths.pid_file())) continue;
    log_warn("Ending a virtual machine whose start was cut short", {{"instance", paths.id}, {"pid", std::to_string(*pid)}});
    (void)sys::pidfd_signal(process->get(), SIGKILL);
    if (!ctx.with_timeout(kEndTime).wait_fd(process->get(), POLLIN)) log_error("QEMU does not end", {{"instance", paths.id}});
  }
  unlink(paths.state().c_str());
  paths.remove_sockets();
}

}  // namespace instance::qemu
