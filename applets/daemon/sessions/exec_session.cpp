#include "applets/daemon/sessions/exec_session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "instance/exec.h"
#include "sys/pty.h"

namespace incusd {
namespace {

/// What a command's children hold open after its end is given up once nothing came through for this long.
constexpr milliseconds kDrainStep{20};
constexpr int kDrainSteps = 3;
constexpr seconds kDrainLimit{30};
/// A killed command that doesn't end is stuck in the kernel: nobody waits for it longer than this.
constexpr seconds kKillPatience{5};
/// Starting a command takes milliseconds; more than this is a fault.
constexpr seconds kStartTimeout{60};

StringList streams_of(const api::InstanceExecPost& post) {
  if (!post.wait_for_websocket) return {};
  return post.interactive ? StringList{"0", "control"} : StringList{"0", "1", "2", "control"};
}

int waiting_bytes(const std::vector<std::shared_ptr<UniqueFd>>& outputs) {
  int total = 0;
  for (const auto& fd : outputs) {
    int bytes = 0;
    if (ioctl(fd->get(), FIONREAD, &bytes) == 0) total += bytes;
  }
  return total;
}

}  // namespace

ExecSession::ExecSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceExecPost post)
    : Session(runtime, streams_of(post), post.interactive ? StringList{} : StringList{"control"}), instance_(std::move(instance)), post_(std::move(post)) {}

Json ExecSession::metadata() const {
  if (!post_.wait_for_websocket) return nullptr;
  Json environment = Json::object();
  for (const auto& [key, value] : post_.environment) environment[key] = value;
  return {{"command", post_.command}, {"environment", environment}, {"fds", secrets()}, {"interactive", post_.interactive}};
}

Result<> ExecSession::launch() {
  if (!post_.wait_for_websocket) return launch_unattended();
  return post_.interactive ? launch_terminal() : launch_pipes();
}

void ExecSession::control(std::string_view text) {
  auto command = api::parse<api::InstanceExecControl>(text);
  if (!command) return log_debug("Broken control message", {{"error", command.error().message()}});
  if (command->command == "signal") signal(static_cast<int>(command->signal));
  if (command->command != "window-resize") return;
  auto width = parse_int(get_or(command->args, "width")), height = parse_int(get_or(command->args, "height"));
  std::lock_guard guard(mutex_);
  if (!width || !height) return;
  post_.width = *width;
  post_.height = *height;
  // The terminal may be gone; one that is no pty here is the runtime's to resize.
  bool done = terminal_ >= 0 && sys::resize_pty(terminal_, static_cast<int>(*width), static_cast<int>(*height));
  if (!done && process_) (void)process_->resize(static_cast<int>(*width), static_cast<int>(*height));
}

void ExecSession::hung_up() { signal(SIGKILL); }

void ExecSession::cancel() {
  signal(SIGKILL);
  std::lock_guard guard(mutex_);
  if (!code_) timer_ = runtime_.after(kKillPatience, [session = self<ExecSession>()] { session->finish_now(); });
}

void ExecSession::signal(int number) {
  std::lock_guard guard(mutex_);
  if (process_) (void)process_->signal(number);  // it may have ended
  else early_signal_ = number;
}

instance::ExecRequest ExecSession::request(int in, int out, int err) const {
  int64_t uid = static_cast<int64_t>(post_.user);
  return {.command = post_.command, .environment = instance::exec_environment(*instance_, post_.environment, uid), .cwd = post_.cwd,
          .uid = uid, .gid = static_cast<int64_t>(post_.group), .interactive = post_.interactive,
          .width = post_.width, .height = post_.height, .stdin_fd = in, .stdout_fd = out, .stderr_fd = err};
}

Result<> ExecSession::begin(const instance::ExecRequest& request) {
  auto process = TRY(instance_->runtime()->exec(Context::detached(kStartTimeout), request));
  std::lock_guard guard(mutex_);
  process_ = std::move(process);
  if (early_signal_) (void)process_->signal(early_signal_);
  exit_ = runtime_.when_readable(process_->exit_fd(), [session = self<ExecSession>()] { session->exited(); });
  return {};
}

Result<> ExecSession::launch_terminal() {
  auto [outer, inner] = TRY(instance_->runtime()->open_terminal(static_cast<int64_t>(post_.user), static_cast<int64_t>(post_.group)));
  auto terminal = std::make_shared<UniqueFd>(std::move(outer));
  {
    std::lock_guard guard(mutex_);
    terminal_ = terminal->get();
    if (post_.width > 0 && post_.height > 0) (void)sys::resize_pty(terminal_, static_cast<int>(post_.width), static_cast<int>(post_.height));
  }
  pump_out("0", terminal);  // before the command can end: its output counts as open from here on
  auto started = begin(request(inner.get(), inner.get(), inner.get()));
  inner.reset();
  TRY(std::move(started));
  socket("0")->pump_to(terminal->get(), [terminal] {});
  return {};
}

Result<> ExecSession::launch_pipes() {
  UniqueFd inside[3];
  Pipe outside[3];
  for (int i = 0; i < 3; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("Failed making a pipe");
    inside[i].reset(ends[i == 0 ? 0 : 1]);
    outside[i] = std::make_shared<UniqueFd>(ends[i == 0 ? 1 : 0]);
  }
  pump_out("1", outside[1]);
  pump_out("2", outside[2]);
  TRY(begin(request(inside[0].get(), inside[1].get(), inside[2].get())));
  for (UniqueFd& fd : inside) fd.reset();
  socket("0")->pump_to(outside[0]->get(), [hold = outside[0]] { hold->reset(); });
  return {};
}

/// Without websockets: output goes to files or nowhere.
Result<> ExecSession::launch_unattended() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail_errno("Failed opening /dev/null");
  instance::ExecRecord record;
  if (post_.record_output) {
    record = TRY(instance::record_output(*instance_, operation_id()));
    std::string logs = "/1.0/instances/" + url_escape(instance_->name()) + "/logs/exec-output/";
    record_ = {{"1", logs + record.out_name}, {"2", logs + record.err_name}};
  }
  return begin(request(null.get(), record.out ? record.out.get() : null.get(), record.err ? record.err.get() : null.get()));
}

void ExecSession::pump_out(const std::string& name, Pipe from) {
  {
    std::lock_guard guard(mutex_);
    pumping_++;
    outputs_.push_back(from);
  }
  socket(name)->pump_from(from->get(), true, [session = self<ExecSession>(), from] {
    std::unique_lock guard(session->mutex_);
    bool last = --session->pumping_ == 0 && session->code_;
    guard.unlock();
    if (last) session->finish_now();
  });
}

/// The command ended. What it wrote may still be on its way, and its children may hold the outputs open for ever.
void ExecSession::exited() {
  auto code = process_->wait(Context::detached(seconds(1)));  // it has ended: this only reaps
  {
    std::lock_guard guard(mutex_);
    exit_.reset();
    timer_.reset();
    code_ = code.value_or(-1);
    drain_until_ = Clock::now() + kDrainLimit;
  }
  drain(0);
}

/// Looks until all outputs ended, or nothing comes any more.
void ExecSession::drain(int quiet) {
  {
    std::lock_guard guard(mutex_);
    if (pumping_ > 0 && quiet < kDrainSteps && Clock::now() < drain_until_) {
      quiet = waiting_bytes(outputs_) == 0 ? quiet + 1 : 0;
      timer_ = runtime_.after(kDrainStep, [session = self<ExecSession>(), quiet] { session->drain(quiet); });
      return;
    }
  }
  finish_now();
}

void ExecSession::finish_now() { finish(was_cancelled() ? Result<>(fail(Code::cancelled, "Operation cancelled")) : Result<>()); }

void ExecSession::ended(core::Operation& operation, const Result<>& result) {
  Json last;
  {
    std::lock_guard guard(mutex_);
    terminal_ = -1;
    exit_.reset();
    timer_.reset();
    last = {{"return", result && code_ ? *code_ : -1}};
    if (!record_.is_null()) last["output"] = record_;
  }
  (void)operation.update_metadata(last);  // fails only if it is over
}

}  // namespace incusd
