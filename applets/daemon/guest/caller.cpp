#include "applets/daemon/guest/caller.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "http/certificate.h"
#include "sys/idmap.h"

namespace incusd {
namespace {

/// A pid namespace by its file: (device, inode) name it.
struct Namespace {
  UniqueFd fd;
  dev_t device = 0;
  ino_t inode = 0;
  bool same_as(const Namespace& other) const { return fd && other.fd && device == other.device && inode == other.inode; }
};

Namespace identify(UniqueFd fd) {
  Namespace out{.fd = std::move(fd)};
  struct stat info;
  if (!out.fd || fstat(out.fd.get(), &info) < 0) return {};
  out.device = info.st_dev;
  out.inode = info.st_ino;
  return out;
}

Namespace namespace_of(pid_t pid) { return identify(UniqueFd(open(std::format("/proc/{}/ns/pid", pid).c_str(), O_RDONLY | O_CLOEXEC))); }

/// The one it was made in; an empty one above our own.
Namespace parent_of(const Namespace& child) { return identify(UniqueFd(ioctl(child.fd.get(), NS_GET_PARENT))); }

instance::InstancePtr find_instance_in(const instance::Manager& manager, const Namespace& wanted) {
  for (const instance::InstancePtr& instance : manager.list()) {
    auto runtime = instance->view()->type() == instance::Type::container ? instance->runtime_if_any() : nullptr;
    pid_t init = runtime ? runtime->init_pid() : 0;
    if (init > 0 && namespace_of(init).same_as(wanted)) return instance;
  }
  return nullptr;
}

uid_t root_of(const instance::Instance& instance) {
  auto map = sys::IdMap::from_json(instance.volatile_get("volatile.idmap.current"));
  return map && !map->empty() ? static_cast<uid_t>(map->to_host(0, -1).uid) : 0;
}

}  // namespace

Result<instance::InstancePtr> guest_of(const instance::Manager& manager, const http::Peer& peer) {
  Namespace own = namespace_of(getpid());
  for (Namespace at = namespace_of(peer.pid); at.fd && !at.same_as(own); at = parent_of(at)) {
    auto instance = find_instance_in(manager, at);
    if (!instance) continue;
    if (root_of(*instance) != peer.uid) return fail(Code::forbidden, "Access denied for non-root user");
    return instance;
  }
  return fail(Code::internal, "pid not in container?");
}

std::string machine_address(uint32_t vsock_id) { return std::format("vm({})", vsock_id); }

Result<instance::InstancePtr> machine_of(const instance::Manager& manager, const http::Peer& peer) {
  for (const instance::InstancePtr& instance : manager.list()) {
    auto view = instance->view();
    std::string number = get_or(view->row.config, "volatile.vsock_id");
    if (number.empty() || view->type() != instance::Type::virtual_machine || peer.address != machine_address(static_cast<uint32_t>(parse_uint(number).value_or(0)))) continue;
    auto certificate = read_file(instance->path() + "/agent.crt", 64 << 10);
    auto known = certificate ? http::certificate_fingerprint(*certificate) : Result<std::string>(std::unexpected(certificate.error()));
    if (!known || peer.fingerprint.empty() || *known != peer.fingerprint) return fail(Code::forbidden, "not authorized");
    return instance;
  }
  return fail(Code::internal, "The virtual machine is unknown");
}

}  // namespace incusd
