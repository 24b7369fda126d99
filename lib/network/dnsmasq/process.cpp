// Starting, finding and ending dnsmasq.
#include "network/dnsmasq/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>

#include <map>
#include <mutex>

#include "api/json.h"
#include "sys/spawn.h"

namespace network::dnsmasq {
namespace {

/// Children of this daemon, so that they can be reaped. Those of an earlier daemon belong to init.
std::mutex children_mutex;
std::map<pid_t, UniqueFd> children;

struct Running {
  pid_t pid = 0;
  uint64_t start_time = 0;
  std::string record;  ///< arguments and settings it was started with
};

/// Field 22 of /proc/PID/stat: with the pid it names one process for ever. 0 if there is none, or only a zombie.
uint64_t start_time_of(pid_t pid) {
  auto stat = read_file(std::format("/proc/{}/stat", pid));
  if (!stat) return 0;
  size_t close = stat->rfind(')');
  if (close == std::string::npos) return 0;
  StringList fields = split_list(std::string_view(*stat).substr(close + 1), ' ');
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return 0;
  return parse_uint(fields[19]).value_or(0);
}

/// The pid file: YAML that scripts may read (`pid: 123`).
Running read_pid_file(const std::string& folder) {
  Running running;
  auto text = read_file(folder + "/dnsmasq.pid");
  if (!text) return running;
  size_t start = text->find("\npid: ");
  for (const std::string& line : split(*text, '\n')) {
    if (line.starts_with("pid: ")) running.pid = static_cast<pid_t>(parse_int(line.substr(5)).value_or(0));
    if (line.starts_with("start_time: ")) running.start_time = parse_uint(line.substr(12)).value_or(0);
  }
  if (start != std::string::npos) running.record = text->substr(0, start + 1);
  return running;
}

bool alive(const Running& running) { return running.pid > 0 && running.start_time != 0 && start_time_of(running.pid) == running.start_time; }

/// What distinguishes one start from another, in the pid file's syntax.
std::string record_of(const StringList& argv, const std::string& settings) {
  std::string record = "name: dnsmasq\nargs:\n";
  for (size_t i = 1; i < argv.size(); i++) {
    record += "- ";
    api::append_json_string(record, argv[i]);
    record += '\n';
  }
  record += "settings: ";
  api::append_json_string(record, settings);
  return record + "\n";
}

void reap(pid_t pid) {
  std::lock_guard lock(children_mutex);
  auto child = children.find(pid);
  if (child == children.end()) return;
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(child->second.get()), &info, WEXITED | WNOHANG);
  children.erase(child);
}

/// It gives up root as the last step of its start, after all sockets are bound.
bool gave_up_root(pid_t pid) {
  auto status = read_file(std::format("/proc/{}/status", pid));
  if (!status) return false;
  size_t at = status->find("\nUid:\t");
  return at != std::string::npos && !std::string_view(*status).substr(at + 6).starts_with("0\t");
}

/// Waits until it serves. Errors: the message it ended with.
Result<> wait_ready(const Context& ctx, sys::Child& child, const std::string& log_file) {
  for (int waited = 0; waited < 500; waited += 2) {
    pollfd ended{child.pidfd(), POLLIN, 0};
    if (poll(&ended, 1, 2) > 0) {
      auto status = TRY(child.wait(ctx));
      std::string said = read_file(log_file).value_or("");
      return fail(Code::internal, "The DNS and DHCP service exited prematurely: exit status {} ({})", status.shell_code(), quote(trim(said)));
    }
    if (gave_up_root(child.pid())) return {};
    TRY(ctx.check());
  }
  return {};  // no user to change to: it had time enough to fail
}

}  // namespace

bool available() {
  static const bool found = sys::find_program("dnsmasq").has_value();
  return found;
}

std::string unprivileged_user() {
  for (const char* name : {"incus", "nobody"})
    if (getpwnam(name)) return name;
  return "";
}

std::string unprivileged_group() {
  for (const char* name : {"incus", "nogroup", "nobody"})
    if (getgrnam(name)) return name;
  return "";
}

bool Process::running() const { return alive(read_pid_file(folder_)); }

Result<> Process::ensure(const Context& ctx, const StringList& argv, const std::string& settings) {
  std::string record = record_of(argv, settings);
  Running current = read_pid_file(folder_);
  if (alive(current) && current.record == record) return reload();
  TRY(stop(ctx));
  return start(ctx, argv, record);
}

Result<> Process::start(const Context& ctx, const StringList& argv, const std::string& record) {
  UniqueFd log(open(log_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!log) return fail_errno(log_file_);
  auto child = TRY(sys::spawn({.argv = argv, .stdout_fd = log.get(), .stderr_fd = log.get(), .new_session = true}));
  TRY(wait_ready(ctx, child, log_file_));
  uint64_t started = start_time_of(child.pid());
  TRY(write_file_atomic(folder_ + "/dnsmasq.pid", std::format("{}pid: {}\nstart_time: {}\n", record, child.pid(), started), 0600));
  pid_t pid = child.pid();
  std::lock_guard lock(children_mutex);
  children[pid] = child.release();
  return {};
}

Result<> Process::reload() {
  Running current = read_pid_file(folder_);
  if (alive(current)) ::kill(current.pid, SIGHUP);
  return {};
}

Result<> Process::stop(const Context& ctx) {
  Running current = read_pid_file(folder_);
  if (alive(current)) {
    auto pidfd = sys::pidfd_open(current.pid);
    // The start time is compared again now that the pidfd pins the process.
    if (pidfd && start_time_of(current.pid) == current.start_time) {
      for (int signal : {SIGTERM, SIGKILL}) {
        if (!sys::pidfd_signal(pidfd->get(), signal)) break;
        if (ctx.with_timeout(seconds(1)).wait_fd(pidfd->get(), POLLIN)) break;
      }
    }
  }
  if (current.pid) reap(current.pid);
  ::unlink((folder_ + "/dnsmasq.pid").c_str());
  return {};
}

}  // namespace network::dnsmasq
