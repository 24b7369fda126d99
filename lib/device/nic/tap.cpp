// Taps: the host's ends of virtual machines' NICs. Linux: Documentation/networking/tuntap.rst.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "base/reverter.h"
#include "base/unique_fd.h"
#include "device/nic/veth.h"
#include "sys/netlink.h"

namespace device::nic {

Result<> create_tap(sys::Netlink& netlink, const VethSpec& spec) {
  ifreq request{};
  if (spec.host_name.size() >= sizeof request.ifr_name) return fail(Code::invalid, "The interface name {} is too long", quote(spec.host_name));
  uint32_t parent_mtu = 0, queue = 0;
  if (!spec.parent.empty()) {
    auto parent = TRY_CTX(netlink.link(spec.parent), "Failed to get the parent MTU");
    parent_mtu = parent.mtu;
    queue = parent.tx_queue;
  }
  UniqueFd tap(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tap) return fail_errno("Failed opening /dev/net/tun");
  spec.host_name.copy(request.ifr_name, spec.host_name.size());
  // QEMU opens each queue with the same flags.
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
  if (ioctl(tap.get(), TUNSETIFF, &request) != 0 || ioctl(tap.get(), TUNSETPERSIST, 1) != 0) return fail_errno("Failed to create the tap interface " + spec.host_name);
  Reverter undo;
  undo.add("delete tap", [name = spec.host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(name); });
  uint32_t mtu = static_cast<uint32_t>(parse_uint(spec.mtu).value_or(parent_mtu));
  if (mtu != 0) TRY(netlink.set_mtu(spec.host_name, mtu));
  if (!spec.queue_length.empty()) queue = static_cast<uint32_t>(parse_uint(spec.queue_length).value_or(0));
  if (queue != 0) TRY(netlink.set_tx_queue(spec.host_name, queue));
  if (!spec.master.empty()) TRY(netlink.set_master(spec.host_name, spec.master));
  TRY(netlink.set_up(spec.host_name, true));
  undo.commit();
  return {};
}

}  // namespace device::nic
