#include "core/command_session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/pty.h"

namespace core {
namespace {

/// What a command's children hold open after its end is given up once nothing came through for this long.
constexpr milliseconds kDrainStep{20};
constexpr int kDrainSteps = 3;
constexpr seconds kDrainLimit{30};
/// A killed command that doesn't end is stuck in the kernel: nobody waits for it longer than this.
constexpr seconds kKillPatience{5};

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

CommandSession::CommandSession(async::Runtime& runtime, api::InstanceExecPost post, StringList optional, Duration patience)
    : Session(runtime, streams_of(post), std::move(optional), patience), post_(std::move(post)) {}

api::InstanceExecPost CommandSession::post() const {
  std::lock_guard guard(mutex_);
  return post_;
}

Json CommandSession::metadata() const {
  if (!post_.wait_for_websocket) return nullptr;
  Json environment = Json::object();
  for (const auto& [key, value] : post_.environment) environment[key] = value;
  return {{"command", post_.command}, {"environment", environment}, {"fds", secrets()}, {"interactive", post_.interactive}};
}

Result<> CommandSession::launch() {
  if (!post_.wait_for_websocket) return launch_unattended();
  return post_.interactive ? launch_terminal() : launch_pipes();
}

void CommandSession::control(std::string_view text) {
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
  if (!done && command_) (void)command_->resize(static_cast<int>(*width), static_cast<int>(*height));
}

void CommandSession::hung_up() { signal(SIGKILL); }

void CommandSession::cancel() {
  signal(SIGKILL);
  std::lock_guard guard(mutex_);
  if (!code_) timer_ = runtime_.after(kKillPatience, [session = self<CommandSession>()] { session->finish_now(); });
}

void CommandSession::signal(int number) {
  std::lock_guard guard(mutex_);
  if (command_) (void)command_->signal(number);  // it may have ended
  else early_signal_ = number;
}

Result<> CommandSession::begin(const CommandStreams& streams) {
  auto command = TRY(run(streams));
  std::lock_guard guard(mutex_);
  command_ = std::move(command);
  if (early_signal_) (void)command_->signal(early_signal_);
  exit_ = runtime_.when_readable(command_->exit_fd(), [session = self<CommandSession>()] { session->exited(); });
  return {};
}

void CommandSession::failed_with(int code) {
  std::lock_guard guard(mutex_);
  failure_code_ = code;
}

Result<> CommandSession::launch_terminal() {
  auto [outer, inner] = TRY(open_terminal());
  auto terminal = std::make_shared<UniqueFd>(std::move(outer));
  {
    std::lock_guard guard(mutex_);
    terminal_ = terminal->get();
    if (post_.width > 0 && post_.height > 0) (void)sys::resize_pty(terminal_, static_cast<int>(post_.width), static_cast<int>(post_.height));
  }
  pump_out("0", terminal);  // before the command can end: its output counts as open from here on
  auto started = begin({inner.get(), inner.get(), inner.get()});
  inner.reset();
  TRY(std::move(started));
  socket("0")->pump_to(terminal->get(), [terminal] {});
  return {};
}

Result<> CommandSession::launch_pipes() {
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
  TRY(begin({inside[0].get(), inside[1].get(), inside[2].get()}));
  for (UniqueFd& fd : inside) fd.reset();
  socket("0")->pump_to(outside[0]->get(), [hold = outside[0]] { hold->reset(); });
  return {};
}

void CommandSession::pump_out(const std::string& name, Pipe from) {
  {
    std::lock_guard guard(mutex_);
    pumping_++;
    outputs_.push_back(from);
  }
  socket(name)->pump_from(from->get(), true, [session = self<CommandSession>(), from] {
    std::unique_lock guard(session->mutex_);
    bool last = --session->pumping_ == 0 && session->code_;
    guard.unlock();
    if (last) session->finish_now();
  });
}

/// The command ended. What it wrote may still be on its way, and its children may hold the outputs open for ever.
void CommandSession::exited() {
  auto code = command_->wait(Context::detached(seconds(1)));  // it has ended: this only reaps
  {
    std::lock_guard guard(mutex_);
    exit_.reset();
    timer_.reset();
    code_ = code.value_or(-1);
    if (!code) lost_ = std::move(code).error();
    drain_until_ = Clock::now() + kDrainLimit;
  }
  drain(0);
}

/// Looks until all outputs ended, or nothing comes any more.
void CommandSession::drain(int quiet) {
  {
    std::lock_guard guard(mutex_);
    if (pumping_ > 0 && quiet < kDrainSteps && Clock::now() < drain_until_) {
      quiet = waiting_bytes(outputs_) == 0 ? quiet + 1 : 0;
      timer_ = runtime_.after(kDrainStep, [session = self<CommandSession>(), quiet] { session->drain(quiet); });
      return;
    }
  }
  finish_now();
}

void CommandSession::finish_now() {
  if (was_cancelled()) return finish(fail(Code::cancelled, "Operation cancelled"));
  std::unique_lock guard(mutex_);
  Result<> outcome = lost_ ? Result<>(std::unexpected(*lost_)) : Result<>();
  guard.unlock();
  finish(std::move(outcome));
}

void CommandSession::ended(Operation& operation, const Result<>& result) {
  Json last;
  {
    std::lock_guard guard(mutex_);
    terminal_ = -1;
    exit_.reset();
    timer_.reset();
    last = {{"return", (result || lost_) && code_ ? *code_ : failure_code_}};
  }
  add_record(last);
  (void)operation.update_metadata(last);  // fails only if it is over
}

}  // namespace core
