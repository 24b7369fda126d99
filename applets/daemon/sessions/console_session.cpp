#include "applets/daemon/sessions/console_session.h"

#include <unistd.h>

#include "sys/pty.h"

namespace incusd {
namespace {

/// Asking the container's monitor for its console takes milliseconds; more than this is a fault.
constexpr seconds kAttachTimeout{30};

}  // namespace

ConsoleSession::ConsoleSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceConsolePost post)
    : Session(runtime, {"0", "control"}, {}), instance_(std::move(instance)), post_(std::move(post)) {}

Result<> ConsoleSession::launch() {
  auto terminal = std::make_shared<instance::ConsoleFds>(TRY(instance_->runtime()->console(Context::detached(kAttachTimeout))));
  int fd = terminal->terminal.get();
  if (post_.width > 0 && post_.height > 0) (void)sys::resize_pty(fd, static_cast<int>(post_.width), static_cast<int>(post_.height));
  {
    std::lock_guard guard(mutex_);
    terminal_ = terminal;
  }
  auto over = [session = self<ConsoleSession>(), terminal] { session->finish({}); };
  socket("0")->pump_from(fd, false, over);
  socket("0")->pump_to(fd, over);
  return {};
}

void ConsoleSession::control(std::string_view text) {
  auto command = api::parse<api::InstanceConsoleControl>(text);
  if (!command || command->command != "window-resize") return;
  auto width = parse_int(get_or(command->args, "width")), height = parse_int(get_or(command->args, "height"));
  std::lock_guard guard(mutex_);
  if (width && height && terminal_) (void)sys::resize_pty(terminal_->terminal.get(), static_cast<int>(*width), static_cast<int>(*height));
}

void ConsoleSession::hung_up() { finish({}); }

void ConsoleSession::cancel() { finish(fail(Code::cancelled, "Console session was taken over")); }

void ConsoleSession::ended(core::Operation&, const Result<>&) {
  std::lock_guard guard(mutex_);
  if (terminal_) (void)!write(terminal_->terminal.get(), "\x1b" "c", 2);  // resets the terminal for the next one; it may be gone
  terminal_.reset();
}

}  // namespace incusd
