// What is on the machine's screen and serial line. QEMU keeps the text console in a ring buffer; while somebody is attached, it goes to a socket instead.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/machine_impl.h"
#include "sys/fd_passing.h"
#include "sys/unix_socket.h"

namespace instance::qemu {
namespace {

constexpr const char* kConsole = "console";
constexpr size_t kRingSize = 1 << 20;
/// console.log starts anew when it is longer.
constexpr off_t kMaxLog = 16 << 20;

Result<> append(const std::string& file, const std::string& text) {
  if (text.empty()) return {};
  UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno("Failed opening " + file);
  struct stat info;
  if (fstat(fd.get(), &info) == 0 && info.st_size > kMaxLog && ftruncate(fd.get(), 0) < 0) return fail_errno("Failed shortening " + file);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno("Failed writing " + file);
  return {};
}

}  // namespace

Result<> Machine::Impl::drain_console(const Context& ctx) {
  {
    std::lock_guard lock(mutex);
    if (console_hold) return {};  // who is attached reads it
  }
  auto qmp = TRY(monitor(ctx));
  return append(paths.console_log(), TRY(read_ring(ctx, *qmp, kConsole, kRingSize)));
}

void Machine::Impl::leave_console() {
  {
    std::lock_guard lock(mutex);
    if (!console_hold) return;
    console_watch.reset();
    console_hold.reset();
  }
  Context ctx = Context::detached(seconds(10));
  auto qmp = monitor(ctx);
  auto back = qmp ? redirect(ctx, **qmp, kConsole, "", kRingSize) : Result<>(Failure(qmp.error()));
  if (!back) log_warn("Failed giving a console back", {{"instance", paths.id}, {"error", back.error().message()}});
}

Result<ConsoleFds> Machine::console(const Context& ctx) {
  impl_->leave_console();  // whoever is there is taken over
  (void)impl_->drain_console(ctx);
  auto qmp = TRY(impl_->monitor(ctx));
  unlink(impl_->paths.console().c_str());
  TRY_CTX(redirect(ctx, *qmp, kConsole, impl_->paths.console(), kRingSize), "Failed to attach to the console");
  auto [ours, theirs] = TRY(sys::socket_pair());
  std::weak_ptr<Impl> weak = impl_;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->console_watch = impl_->runtime.when_readable(ours.get(), [weak] {
      if (auto self = weak.lock()) self->runtime.offload([self] { self->leave_console(); });
    });
    impl_->console_hold = std::move(ours);
  }
  auto terminal = sys::connect_unix(impl_->paths.console());
  if (!terminal) {
    impl_->leave_console();
    return Failure(terminal.error());
  }
  return ConsoleFds{std::move(*terminal), std::move(theirs)};
}

Result<std::string> Machine::console_log(const Context& ctx) {
  if (status() != Status::stopped) TRY(impl_->drain_console(ctx));
  const std::string path = impl_->paths.console_log();
  if (access(path.c_str(), F_OK) < 0) return std::string();
  return read_file(path);
}

Result<> Machine::clear_console_log(const Context& ctx) {
  if (status() != Status::stopped) TRY(impl_->drain_console(ctx));
  const std::string path = impl_->paths.console_log();
  if (truncate(path.c_str(), 0) == 0) return {};
  if (errno == ENOENT) return fail(Code::not_found, "There is no console log yet");
  return fail_errno("Failed clearing " + path);
}

Result<UniqueFd> Machine::graphics(const Context&) {
  TRY(impl_->running());
  if (access(impl_->paths.spice().c_str(), F_OK) < 0) return fail(Code::unsupported, "SPICE is not supported by the host");
  return sys::connect_unix(impl_->paths.spice());
}

Result<> Machine::screenshot(const Context& ctx, int fd) { return qemu::screenshot(ctx, *TRY(impl_->monitor(ctx)), fd); }

Result<> Machine::dump_memory(const Context& ctx, int fd, const std::string& format) {
  return qemu::dump_memory(ctx, *TRY(impl_->monitor(ctx)), fd, format);
}

}  // namespace instance::qemu
