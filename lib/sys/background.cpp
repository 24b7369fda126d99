#include "sys/background.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <map>
#include <mutex>

#include "sys/proc.h"

namespace sys {
namespace {

/// Children of this daemon, so that they can be reaped. Those of an earlier daemon belong to init.
std::mutex children_mutex;
std::map<pid_t, UniqueFd> children;

struct Running {
  pid_t pid = 0;
  uint64_t start_time = 0;
  std::string record;
};

Running read(const std::string& path) {
  Running running;
  auto text = read_file(path);
  if (!text) return running;
  for (const std::string& line : split(*text, '\n')) {
    if (line.starts_with("pid: ")) running.pid = static_cast<pid_t>(parse_int(line.substr(5)).value_or(0));
    else if (line.starts_with("start_time: ")) running.start_time = parse_uint(line.substr(12)).value_or(0);
    else if (!line.empty()) running.record += line + "\n";
  }
  return running;
}

/// A zombie (our own child that ended) isn't alive.
bool alive(const Running& running) {
  return running.pid > 0 && running.start_time != 0 && is_process(running.pid, running.start_time) && !status_field(running.pid, "State").starts_with('Z');
}

void reap(pid_t pid) {
  std::lock_guard lock(children_mutex);
  auto child = children.find(pid);
  if (child == children.end()) return;
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(child->second.get()), &info, WEXITED | WNOHANG);
  children.erase(child);
}

}  // namespace

bool Background::running() const { return alive(read(path_)); }

std::string Background::record() const {
  Running running = read(path_);
  return alive(running) ? running.record : "";
}

Result<> Background::adopt(Child child, const std::string& record) {
  pid_t pid = child.pid();
  TRY(write_file_atomic(path_, std::format("{}pid: {}\nstart_time: {}\n", record, pid, process_start_time(pid).value_or(0)), 0600));
  std::lock_guard lock(children_mutex);
  children[pid] = child.release();
  return {};
}

void Background::signal(int number) const {
  Running running = read(path_);
  if (alive(running)) ::kill(running.pid, number);
}

Result<> Background::stop(const Context& ctx) {
  Running running = read(path_);
  if (alive(running)) {
    auto pidfd = pidfd_open(running.pid);
    // The start time is compared again now that the pidfd pins the process.
    if (pidfd && is_process(running.pid, running.start_time)) {
      for (int number : {SIGTERM, SIGKILL}) {
        if (!pidfd_signal(pidfd->get(), number)) break;
        if (ctx.with_timeout(seconds(1)).wait_fd(pidfd->get(), POLLIN)) break;
      }
    }
  }
  if (running.pid) reap(running.pid);
  ::unlink(path_.c_str());
  return {};
}

}  // namespace sys
