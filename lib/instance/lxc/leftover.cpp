#include "instance/lxc/leftover.h"

#include <signal.h>

#include <filesystem>

#include "base/log.h"
#include "base/strings.h"
#include "sys/proc.h"
#include "sys/spawn.h"

namespace instance::lxc {
namespace {

constexpr seconds kStartTime{15};  ///< a helper that takes longer is killed
constexpr seconds kEndTime{10};    ///< the monitor cleans up after init, then ends
constexpr milliseconds kPause{5};

/// The process whose command line, with spaces between its words, contains `words`.
pid_t find_process(const std::string& words) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    auto pid = parse_int(entry.path().filename().string());
    if (!pid) continue;
    auto line = read_file(entry.path().string() + "/cmdline");
    if (!line) continue;
    std::ranges::replace(*line, '\0', ' ');
    if (line->contains(words)) return static_cast<pid_t>(*pid);
  }
  return 0;
}

/// Waits until the process is gone. False if it is still there at the end of `limit`.
bool wait_gone(const Context& ctx, const UniqueFd& process, Duration limit) {
  return ctx.with_timeout(limit).wait_fd(process.get(), 1 /* POLLIN */).has_value();
}

/// Kills the children of the monitor: init, or what is about to become it.
void kill_children(pid_t monitor) {
  std::string pid = std::to_string(monitor);
  auto children = read_file("/proc/" + pid + "/task/" + pid + "/children");
  if (!children) return;
  for (const std::string& child : split_list(*children, ' '))
    if (auto number = parse_int(child)) kill(static_cast<pid_t>(*number), SIGKILL);
}

}  // namespace

void end_leftover(const Context& ctx, const ContainerPaths& paths) {
  if (pid_t helper = find_process(std::format(" forklxc {} {} ", paths.id, paths.lxc_path))) {
    auto process = sys::pidfd_open(helper);
    if (process && !wait_gone(ctx, *process, kStartTime)) (void)sys::pidfd_signal(process->get(), SIGKILL);
  }
  // The title that liblxc gives its monitors; the space at the end was the end of the line.
  pid_t monitor = find_process(std::format("[lxc monitor] {} {} ", paths.lxc_path, paths.id));
  if (!monitor) return;
  log_warn("Ending a container whose start was cut short", {{"instance", paths.id}});
  auto process = sys::pidfd_open(monitor);
  if (!process) return;
  kill_children(monitor);
  if (wait_gone(ctx, *process, kEndTime)) return;
  log_error("The monitor of a container does not end", {{"instance", paths.id}, {"pid", std::to_string(monitor)}});
  (void)sys::pidfd_signal(process->get(), SIGKILL);
}

}  // namespace instance::lxc
