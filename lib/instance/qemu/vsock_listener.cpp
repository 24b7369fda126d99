// Connections that guests make to the host: over each helper's uplink, or from the kernel's one socket for all machines.
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include <map>
#include <mutex>

#include "async/runtime.h"
#include "base/log.h"
#include "instance/qemu/vsock.h"
#include "instance/qemu/vsock_socket.h"
#include "sys/fd_passing.h"

namespace instance::qemu {
namespace {

/// Calls `ready` whenever `fd` is readable, as long as it says true; on I/O threads, one call at a time. Lives until then, or until dropped.
class Repeated : public std::enable_shared_from_this<Repeated> {
 public:
  Repeated(async::Runtime& runtime, UniqueFd fd, std::function<bool(int fd)> ready) : runtime_(runtime), fd_(std::move(fd)), ready_(std::move(ready)) {}

  void arm() {
    std::lock_guard lock(mutex_);  // `ready` may run before this returns
    watch_ = runtime_.when_readable(fd_.get(), [weak = weak_from_this()] {
      auto self = weak.lock();
      if (self && self->ready_(self->fd_.get())) self->arm();
    });
  }

 private:
  async::Runtime& runtime_;
  UniqueFd fd_;
  std::function<bool(int)> ready_;
  std::mutex mutex_;
  std::shared_ptr<async::Runtime::Watch> watch_;
};

class HelperListener final : public VsockListener, public std::enable_shared_from_this<HelperListener> {
 public:
  HelperListener(async::Runtime& runtime, uint32_t port, Handler handler) : runtime_(runtime), port_(port), handler_(std::move(handler)) {}
  uint32_t port() const override { return port_; }

  Result<> attach(const VsockPlace& place) override {
    UniqueFd fd = TRY(call_helper(place.run_folder, "LISTEN", port_));
    auto uplink = std::make_shared<Repeated>(runtime_, std::move(fd), [weak = weak_from_this(), cid = place.cid](int socket) {
      auto self = weak.lock();
      return self && self->take(cid, socket);
    });
    {
      std::lock_guard lock(mutex_);
      uplinks_[place.cid] = uplink;
    }
    uplink->arm();
    return {};
  }

 private:
  /// False at the end of the helper.
  bool take(uint32_t cid, int socket) {
    auto received = sys::receive_fds(socket);
    if (!received) return received.error().sys_errno() == EAGAIN;
    for (UniqueFd& stream : received->fds) {
      fcntl(stream.get(), F_SETFL, O_NONBLOCK);
      handler_(cid, std::move(stream));
    }
    return !received->text.empty();
  }

  async::Runtime& runtime_;
  uint32_t port_;
  Handler handler_;
  std::mutex mutex_;
  std::map<uint32_t, std::shared_ptr<Repeated>> uplinks_;
};

class KernelListener final : public VsockListener {
 public:
  KernelListener(async::Runtime& runtime, UniqueFd fd, uint32_t port, Handler handler) : port_(port) {
    socket_ = std::make_shared<Repeated>(runtime, std::move(fd), [handler = std::move(handler)](int socket) {
      sockaddr_vm peer{};
      socklen_t size = sizeof peer;
      UniqueFd stream(accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (stream) handler(peer.svm_cid, std::move(stream));
      return true;
    });
    socket_->arm();
  }
  uint32_t port() const override { return port_; }
  Result<> attach(const VsockPlace&) override { return {}; }

 private:
  uint32_t port_;
  std::shared_ptr<Repeated> socket_;
};

/// Another program may have `port`: then any that is free.
Result<std::pair<UniqueFd, uint32_t>> listen_kernel(uint32_t port) {
  UniqueFd fd(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  for (uint32_t wanted : {port, static_cast<uint32_t>(VMADDR_PORT_ANY)}) {
    sockaddr_vm address{.svm_family = AF_VSOCK, .svm_port = wanted, .svm_cid = VMADDR_CID_ANY};
    if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) continue;
    socklen_t size = sizeof address;
    if (listen(fd.get(), 128) < 0 || getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) < 0) break;
    return std::pair(std::move(fd), address.svm_port);
  }
  return fail_errno("Failed listening for virtual machines");
}

}  // namespace

Result<std::shared_ptr<VsockListener>> VsockListener::create(async::Runtime& runtime, uint32_t port, Handler handler) {
  if (vsock_backend() == VsockBackend::helper) return std::make_shared<HelperListener>(runtime, port, std::move(handler));
  auto [fd, got] = TRY(listen_kernel(port));
  return std::make_shared<KernelListener>(runtime, std::move(fd), got, std::move(handler));
}

}  // namespace instance::qemu
