// The socket device between a virtual machine and its host (virtio-vsock, vsock(7)): the kernel's vhost-vsock where that works, else one small
// `forkvsock` helper a machine, which needs neither a kernel module nor privileges. Guests see the same standard device either way.
#pragma once
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"
#include "sys/spawn.h"

namespace async {
class Runtime;
}

namespace instance::qemu {

enum class VsockBackend { helper, kernel };

/// How devices are served on this machine: `kernel` only if a device could really be made. Probed once, well under a millisecond.
VsockBackend vsock_backend();

/// One machine's device. Enough to find it again after a restart of the daemon.
struct VsockPlace {
  uint32_t cid = 0;        ///< volatile.vsock_id, above 2
  std::string run_folder;  ///< of the machine; the helper's socket is `vsock.sock` in it
};

/// The machine's number: `previous` if it is still free, else one that follows from its UUID. `taken` knows the other machines'.
/// Errors: unavailable (none free among a thousand).
Result<uint32_t> choose_cid(const std::string& uuid, std::optional<uint32_t> previous, const std::function<bool(uint32_t)>& taken);

/// What QEMU gets. `fd` has to be inherited by it (or passed over QMP) under some number N:
///   helper:  -chardev socket,id=vsock,fd=N  -device vhost-user-vsock-pci,chardev=vsock   (memory must be shared: memory-backend-memfd,share=on)
///   kernel:  -device vhost-vsock-pci,guest-cid=CID,vhostfd=N
/// QEMU cannot save the state of a vhost-user-vsock device: a stateful stop or snapshot has to unplug it first (device_del and chardev-remove)
/// and to start and plug a new one afterwards, also when the state is restored.
struct VsockDevice {
  VsockBackend backend = VsockBackend::helper;
  uint32_t cid = 0;
  UniqueFd fd;
  sys::Child starting;  ///< the helper, which goes into the background by itself: see vsock_serves()
};

/// Makes the device just before QEMU starts, which may have it at once: a helper answers as soon as it serves. A helper serves exactly one QEMU, outlives the daemon and ends when QEMU closes its end, so
/// dropping the result without starting QEMU cleans up as well. Errors: conflict (the number is in use by another machine), internal.
Result<VsockDevice> start_vsock(const VsockPlace& place);
/// Waits until its helper serves. Errors: internal (it could not). Takes a few ms.
Result<> vsock_serves(const Context& ctx, VsockDevice& device);

/// A stream to `port` inside the guest, not blocking (O_NONBLOCK). Errors: unavailable (no machine, no driver in the guest yet, nobody listens there),
/// timeout, cancelled. Blocks until the guest answers; give it a deadline, guests are not in a hurry.
Result<UniqueFd> connect_vsock(const Context& ctx, const VsockPlace& place, uint32_t port);

/// Takes the connections that guests make to the host's number 2. One for the whole daemon. Thread-safe.
class VsockListener {
 public:
  /// Called on an I/O thread with the machine's number, which the guest can't forge, and the stream (O_NONBLOCK). Must not block.
  using Handler = std::function<void(uint32_t cid, UniqueFd stream)>;

  /// `port`: the wanted one; the kernel's may be in use by another program, then port() tells which it became.
  static Result<std::shared_ptr<VsockListener>> create(async::Runtime& runtime, uint32_t port, Handler handler);
  virtual ~VsockListener() = default;
  virtual uint32_t port() const = 0;
  /// Also takes this machine's connections, from now until it ends. To call after QEMU was started and when a running machine was found again.
  /// Nothing to do for devices of the kernel. Errors: unavailable (no helper).
  virtual Result<> attach(const VsockPlace& place) = 0;
};

}  // namespace instance::qemu
