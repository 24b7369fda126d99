#include "applets/daemon/sessions/exec_session.h"

#include <fcntl.h>
#include <unistd.h>

#include "instance/exec.h"

namespace incusd {
namespace {

/// Starting commands takes milliseconds; more than this is a fault.
constexpr seconds kStartTimeout{60};

StringList optional_streams(const api::InstanceExecPost& post) { return post.interactive ? StringList{} : StringList{"control"}; }

/// What an instance's runtime started.
class InstanceCommand final : public core::Command {
 public:
  explicit InstanceCommand(std::unique_ptr<instance::ExecProcess> process) : process_(std::move(process)) {}
  int exit_fd() const override { return process_->exit_fd(); }
  Result<int> wait(const Context& ctx) override { return process_->wait(ctx); }
  Result<> signal(int number) override { return process_->signal(number); }
  Result<> resize(int width, int height) override { return process_->resize(width, height); }

 private:
  std::unique_ptr<instance::ExecProcess> process_;
};

}  // namespace

ExecSession::ExecSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceExecPost post)
    : CommandSession(runtime, post, optional_streams(post)), instance_(std::move(instance)) {}

Result<std::unique_ptr<core::Command>> ExecSession::run(const core::CommandStreams& streams) {
  api::InstanceExecPost asked = post();
  int64_t uid = static_cast<int64_t>(asked.user);
  instance::ExecRequest request{.command = asked.command, .environment = instance::exec_environment(*instance_, asked.environment, uid), .cwd = asked.cwd,
                                .uid = uid, .gid = static_cast<int64_t>(asked.group), .interactive = asked.interactive, .width = asked.width,
                                .height = asked.height, .stdin_fd = streams.in, .stdout_fd = streams.out, .stderr_fd = streams.err};
  return std::make_unique<InstanceCommand>(TRY(instance_->runtime()->exec(Context::detached(kStartTimeout), request)));
}

Result<std::pair<UniqueFd, UniqueFd>> ExecSession::open_terminal() {
  api::InstanceExecPost asked = post();
  auto terminal = TRY(instance_->runtime()->open_terminal(static_cast<int64_t>(asked.user), static_cast<int64_t>(asked.group)));
  return std::pair(std::move(terminal.outer), std::move(terminal.inner));
}

/// Without websockets: output goes to files or nowhere.
Result<> ExecSession::launch_unattended() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail_errno("Failed opening /dev/null");
  instance::ExecRecord record;
  if (post().record_output) {
    record = TRY(instance::record_output(*instance_, operation_id()));
    std::string logs = "/1.0/instances/" + url_escape(instance_->name()) + "/logs/exec-output/";
    record_ = {{"1", logs + record.out_name}, {"2", logs + record.err_name}};
  }
  return begin({null.get(), record.out ? record.out.get() : null.get(), record.err ? record.err.get() : null.get()});
}

void ExecSession::add_record(Json& last) {
  if (!record_.is_null()) last["output"] = record_;
}

}  // namespace incusd
