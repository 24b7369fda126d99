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

bool reads_config(pid_t pid, const std::string& config) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/cmdline", 1 << 20);
  StringList words = text ? split(*text, '\0') : StringList();
  auto found = std::ranges::find(words, "-readconfig");
  return found != words.end() && ++found != words.end() && *found == config;
}

}  // namespace

void end_leftover(const Context& ctx, const MachinePaths& paths) {
  std::error_code error;
  std::string config = paths.run + "/qemu.conf";
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    auto pid = parse_int(entry.path().filename().string());
    if (!pid || *pid <= 1 || !reads_config(static_cast<pid_t>(*pid), config)) continue;
    auto process = sys::pidfd_open(static_cast<pid_t>(*pid));
    // The pidfd is of the right process only if it still reads that file now.
    if (!process || !reads_config(static_cast<pid_t>(*pid), config)) continue;
    log_warn("Ending a virtual machine whose start was cut short", {{"instance", paths.id}, {"pid", std::to_string(*pid)}});
    (void)sys::pidfd_signal(process->get(), SIGKILL);
    if (!ctx.with_timeout(kEndTime).wait_fd(process->get(), POLLIN)) log_error("QEMU does not end", {{"instance", paths.id}});
  }
  unlink(paths.state().c_str());
  paths.remove_sockets();
}

}  // namespace instance::qemu
