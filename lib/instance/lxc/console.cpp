// The console and its ring buffer, and ptys for commands. liblxc's monitor owns the console; the `forkconsole` helper asks it.
#include <sys/socket.h>
#include <unistd.h>

#include "instance/lxc/container_impl.h"
#include "sys/fd_passing.h"
#include "sys/pty.h"

namespace instance::lxc {

Result<Terminal> Container::open_terminal(int64_t uid, int64_t gid) const {
  pid_t init = 0;
  TRY(impl_->running_init(&init));
  sys::IdPair host{uid, gid};
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->spec.idmap.empty()) host = impl_->spec.idmap.to_host(uid, gid);
  }
  if (host.uid < 0 || host.gid < 0) return fail(Code::invalid, "The user or group isn't mapped in the instance");
  auto [outer, inner] = TRY(sys::open_pty_of(init, static_cast<uid_t>(host.uid), static_cast<gid_t>(host.gid)));
  return Terminal{std::move(outer), std::move(inner)};
}

Result<ConsoleFds> Container::console(const Context& ctx) {
  TRY(impl_->running_init());
  auto [ours, theirs] = TRY(sys::socket_pair());
  sys::SpawnSpec helper = sys::self_spec("forkconsole", {"attach", impl_->paths.id, impl_->paths.lxc_path});
  helper.environment = StringList{};
  helper.fds = {{theirs.get(), 3}};
  sys::Child child = TRY(sys::spawn(helper));
  theirs.reset();
  TRY(ctx.wait_fd(ours.get(), 1 /* POLLIN */));
  sys::ReceivedFds received = TRY(sys::receive_fds(ours.get()));
  TRY(child.wait(ctx));
  if (received.fds.size() != 2) return fail(Code::internal, "Failed attaching to the console: {}", received.text.empty() ? "it is in use" : received.text);
  return ConsoleFds{std::move(received.fds[0]), std::move(received.fds[1])};
}

Result<std::string> Container::console_log(const Context& ctx) {
  if (status() == Status::stopped) {
    std::string path = impl_->paths.log + "/console.log";
    if (access(path.c_str(), F_OK) < 0) return std::string();
    return read_file(path);
  }
  auto output = TRY(sys::run(ctx, sys::self_spec("forkconsole", {"log", impl_->paths.id, impl_->paths.lxc_path})));
  return output.out;
}

Result<> Container::clear_console_log(const Context& ctx) {
  if (status() == Status::stopped) {
    std::string path = impl_->paths.log + "/console.log";
    if (truncate(path.c_str(), 0) == 0) return {};
    if (errno == ENOENT) return fail(Code::not_found, "There is no console log yet");
    return fail_errno("Failed clearing " + path);
  }
  TRY(sys::run(ctx, sys::self_spec("forkconsole", {"clear", impl_->paths.id, impl_->paths.lxc_path})));
  return {};
}

}  // namespace instance::lxc
