// Starting, finding and ending dnsmasq.
#include "network/dnsmasq/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>


#include "api/json.h"
#include "sys/spawn.h"

namespace network::dnsmasq {
namespace {

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

bool Process::running() const { return background().running(); }
sys::Background Process::background() const { return sys::Background(folder_ + "/dnsmasq.pid"); }

Result<> Process::ensure(const Context& ctx, const StringList& argv, const std::string& settings) {
  std::string record = record_of(argv, settings);
  if (background().record() == record) return reload();
  TRY(stop(ctx));
  return start(ctx, argv, record);
}

Result<> Process::start(const Context& ctx, const StringList& argv, const std::string& record) {
  UniqueFd log(open(log_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!log) return fail_errno(log_file_);
  auto child = TRY(sys::spawn({.argv = argv, .stdout_fd = log.get(), .stderr_fd = log.get(), .new_session = true}));
  TRY(wait_ready(ctx, child, log_file_));
  return background().adopt(std::move(child), record);
}

Result<> Process::reload() {
  background().signal(SIGHUP);
  return {};
}

Result<> Process::stop(const Context& ctx) { return background().stop(ctx); }

}  // namespace network::dnsmasq
