// NICs: every queue is an open tap or macvtap of its own, with vhost-net beneath where the host has it.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "instance/qemu/plug_common.h"

namespace instance::qemu {
namespace {

constexpr size_t kMaxQueues = 16;  ///< more only cost memory

/// One queue per CPU; usb-net knows none.
Result<size_t> queues_of(const Context& ctx, qmp::Client& client, const device::NicEntry& nic, const Place& place) {
  if (nic.bus == "usb") return 1;
  if (place.vectors >= 4) return place.vectors / 2 - 1;
  Json cpus = TRY(client.run(ctx, "query-cpus-fast"));
  return nic_vectors(cpus.is_array() ? cpus.size() : 1) / 2 - 1;
}

Result<UniqueFd> open_tap(const std::string& name) {
  UniqueFd tap(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tap) return fail_errno("Failed opening /dev/net/tun");
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return fail(Code::internal, "The name of interface {} is too long", quote(name));
  name.copy(request.ifr_name, name.size());
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
  if (ioctl(tap.get(), TUNSETIFF, &request) != 0) return fail_errno("Failed opening interface " + name);
  return tap;
}

Result<UniqueFd> open_macvtap(const std::string& name) {
  unsigned index = if_nametoindex(name.c_str());
  if (index == 0) return fail_errno("Failed finding interface " + name);
  std::string path = std::format("/dev/tap{}", index);
  UniqueFd tap(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tap) return fail_errno("Failed opening " + path);
  return tap;
}

struct Queues {
  std::string taps, vhosts;  ///< names of descriptors, with colons between
  size_t count = 0;
};

Result<Queues> lend_queues(const Context& ctx, qmp::Client& client, Reverter& undo, const device::NicEntry& nic, const Place& place) {
  size_t count = TRY(queues_of(ctx, client, nic, place));
  Queues out{.taps = {}, .vhosts = {}, .count = count};
  bool vhost = nic.bus != "usb";
  for (size_t i = 0; i < count; i++) {
    UniqueFd tap = TRY(nic.kind == device::NicEntry::Kind::macvtap ? open_macvtap(nic.host_name) : open_tap(nic.host_name));
    std::string name = std::format("{}.{}", backend_id(nic.device), i);
    TRY(lend_fd(ctx, client, undo, name, tap.get()));
    out.taps += (i ? ":" : "") + name;
    UniqueFd accelerator(vhost ? open("/dev/vhost-net", O_RDWR | O_CLOEXEC) : -1);
    vhost = vhost && accelerator;
    if (!accelerator) continue;
    TRY(lend_fd(ctx, client, undo, name + ".vhost", accelerator.get()));
    out.vhosts += (i ? ":" : "") + name + ".vhost";
  }
  if (!vhost) out.vhosts.clear();
  return out;
}

/// UEFI boots from virtio NICs by itself, and a kernel that is started directly from none: only a BIOS needs the option ROM, whose start takes seconds.
bool needs_rom(const Context& ctx, qmp::Client& client) {
  for (const char* property : {"pflash0", "kernel"}) {
    auto value = client.run(ctx, "qom-get", {{"path", "/machine"}, {"property", property}});
    if (value && value->is_string() && !value->get_ref<const std::string&>().empty()) return false;
  }
  return true;
}

}  // namespace

unsigned nic_vectors(size_t cpus) { return static_cast<unsigned>(2 * std::clamp<size_t>(cpus, 2, kMaxQueues) + 2); }

Result<> plug_nic(const Context& ctx, qmp::Client& client, const device::NicEntry& nic, const Place& place) {
  if (nic.kind == device::NicEntry::Kind::moved) return fail(Code::unsupported, "A NIC of this kind cannot be used with virtual machines");
  if (nic.kind == device::NicEntry::Kind::passed) return plug_passed_nic(ctx, client, nic, place);
  Reverter undo;
  Queues queues = TRY(lend_queues(ctx, client, undo, nic, place));
  std::string id = device_id(nic.device), backend = backend_id(nic.device);
  Json netdev = {{"type", "tap"}, {"id", backend}, {"fds", queues.taps}, {"vhost", !queues.vhosts.empty()}};
  if (!queues.vhosts.empty()) netdev["vhostfds"] = queues.vhosts;
  TRY(client.run(ctx, "netdev_add", netdev));
  // The backend owns the descriptors now.
  undo.commit();
  Reverter backend_undo;
  undo_with(backend_undo, client, "netdev_del", {{"id", backend}});
  Json device = {{"id", id}, {"netdev", backend}, {"mac", nic.hwaddr}};
  if (nic.boot_index >= 0) device["bootindex"] = nic.boot_index;
  if (nic.bus == "usb") {
    device.update({{"driver", "usb-net"}, {"bus", "qemu_usb.0"}});
  } else {
    std::string port = TRY(free_port(ctx, client, place));
    device.update({{"driver", "virtio-net-pci"}, {"bus", port}, {"addr", "00.0"}, {"mq", true}, {"vectors", 2 * queues.count + 2}});
    if (nic.mtu != 0) device["host_mtu"] = nic.mtu;
    if (!needs_rom(ctx, client)) device["romfile"] = "";
  }
  TRY(client.run(ctx, "device_add", device));
  backend_undo.commit();
  return nic.connected ? Result<>() : set_link(ctx, client, nic.device, false);
}

Result<> set_link(const Context& ctx, qmp::Client& client, const std::string& device, bool up) {
  TRY(client.run(ctx, "set_link", {{"name", device_id(device)}, {"up", up}}));
  return {};
}

}  // namespace instance::qemu
