// The instance's files over SFTP: the `forkfile` helper serves them from inside the running container, or from the root file system of a stopped one.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "instance/lxc/container_impl.h"
#include "sys/fd_passing.h"

namespace instance::lxc {

Result<> Container::Impl::keep_server(sys::Child child) {
  auto server = std::make_shared<FileServer>();
  server->child = std::move(child);
  std::weak_ptr<Impl> weak = weak_from_this();
  std::weak_ptr<FileServer> weak_server = server;
  server->watch = runtime.when_readable(server->child.pidfd(), [weak, weak_server] {
    auto self = weak.lock();
    auto ended = weak_server.lock();
    if (!self || !ended) return;
    // Dropping the last reference reaps it.
    std::lock_guard lock(self->mutex);
    std::erase(self->file_servers, ended);
  });
  std::lock_guard lock(mutex);
  file_servers.push_back(std::move(server));
  return {};
}

Result<UniqueFd> Container::sftp(const Context&) {
  auto [ours, theirs] = TRY(sys::socket_pair());
  RunSpec spec;
  {
    std::lock_guard lock(impl_->mutex);
    spec.rootfs = impl_->spec.rootfs;
    spec.idmap = impl_->spec.idmap;
    spec.rootfs_idmapped = impl_->spec.rootfs_idmapped;
  }
  sys::SpawnSpec helper = sys::self_spec("forkfile");
  helper.environment = StringList{};
  helper.stdin_fd = helper.stdout_fd = theirs.get();
  auto init = impl_->running_init();
  UniqueFd root;
  if (init) {
    helper.argv.push_back("running");
    helper.fds = {{init->get(), 3}};
  } else {
    root.reset(open(spec.rootfs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return fail_errno("Failed opening " + spec.rootfs);
    helper.argv.push_back("stopped");
    // Files of a container that isn't idmapped by the kernel carry host ids.
    if (!spec.idmap.empty() && !spec.rootfs_idmapped) helper.argv.push_back(spec.idmap.to_json());
    helper.fds = {{root.get(), 3}};
  }
  TRY(impl_->keep_server(TRY(sys::spawn(helper))));
  return std::move(ours);
}

}  // namespace instance::lxc
