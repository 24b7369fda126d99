#include "instance/qemu/plug.h"

#include <fcntl.h>

#include <algorithm>

#include "instance/qemu/plug_common.h"
#include "sys/unix_socket.h"

namespace instance::qemu {
namespace {

constexpr const char *kVsockDevice = "qemu_vsock", *kVsockBackend = "qemu_vsock-chardev";

/// Everything in it, for its device: what is plugged and what may be left of it.
void remove_backends(const Context& ctx, qmp::Client& client, const device::RunConfig& run) {
  for (const device::DriveEntry& drive : run.drives) {
    (void)remove_backend(ctx, client, "blockdev-del", {{"node-name", backend_id(drive.device)}});
    drop_fdsets(ctx, client, backend_id(drive.device));
  }
  for (const device::NicEntry& nic : run.nics)
    if (nic.kind != device::NicEntry::Kind::passed) (void)remove_backend(ctx, client, "netdev_del", {{"id", backend_id(nic.device)}});
  for (const device::ShareEntry& share : run.shares) (void)remove_backend(ctx, client, "chardev-remove", {{"id", backend_id(share.device)}});
  for (const device::UsbEntry& usb : run.usbs) drop_fdsets(ctx, client, backend_id(usb.device));
}

template <class Entry>
int rank(const Entry& entry) {
  if constexpr (requires { entry.root; }) return entry.root ? 0 : 1;
  else return 2;
}

}  // namespace

void order_boot(std::vector<device::RunConfig>& devices) {
  struct Bootable {
    int64_t priority;
    int rank;
    int* place;
  };
  std::vector<Bootable> all;
  for (device::RunConfig& run : devices) {
    for (device::DriveEntry& drive : run.drives) all.push_back({drive.boot_priority, rank(drive), &drive.boot_index});
    for (device::NicEntry& nic : run.nics) all.push_back({nic.boot_priority, rank(nic), &nic.boot_index});
  }
  std::ranges::stable_sort(all, [](const Bootable& a, const Bootable& b) { return a.priority != b.priority ? a.priority > b.priority : a.rank < b.rank; });
  int next = 1;  // 0 is the kernel that is started directly
  for (const Bootable& one : all) *one.place = next++;
}

/// The connection to the program that serves the device, then the device on the other end of it.
Result<> plug_vhost_user(const Context& ctx, qmp::Client& client, const std::string& backend, int fd, Json device, const Place& place) {
  Reverter undo;
  TRY(lend_fd(ctx, client, undo, backend, fd));
  Json address = {{"type", "fd"}, {"data", {{"str", backend}}}};
  TRY(client.run(ctx, "chardev-add", {{"id", backend}, {"backend", {{"type", "socket"}, {"data", {{"addr", address}, {"server", false}}}}}}));
  undo.commit();
  undo_with(undo, client, "chardev-remove", {{"id", backend}});
  std::string port = TRY(free_port(ctx, client, place));
  device.update({{"chardev", backend}, {"bus", port}, {"addr", "00.0"}});
  TRY(client.run(ctx, "device_add", device));
  undo.commit();
  return {};
}

Result<> plug_share(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const device::ShareEntry& share, const Place& place) {
  // Over 9p it is in the config: it can't be plugged.
  if (share.socket.empty()) return {};
  if (!qemu.has("vhost-user-fs-pci")) return fail(Code::unsupported, "This QEMU ({}) has no device vhost-user-fs-pci", qemu.version);
  UniqueFd socket = TRY(sys::connect_unix(share.socket));
  Json device = {{"driver", "vhost-user-fs-pci"}, {"id", device_id(share.device)}, {"tag", share.tag}};
  return plug_vhost_user(ctx, client, backend_id(share.device), socket.get(), std::move(device), place);
}

Result<> plug_vsock(const Context& ctx, qmp::Client& client, int fd) {
  return plug_vhost_user(ctx, client, kVsockBackend, fd, {{"driver", "vhost-user-vsock-pci"}, {"id", kVsockDevice}}, {});
}

Result<> unplug_vsock(const Context& ctx, qmp::Client& client) {
  TRY_CTX(remove_device(ctx, client, kVsockDevice), "Failed taking out the vsock device");
  return remove_backend(ctx, client, "chardev-remove", {{"id", kVsockBackend}});
}

bool has_vsock(const Context& ctx, qmp::Client& client) { return has_device(ctx, client, kVsockDevice); }

Result<> plug_usb(const Context& ctx, qmp::Client& client, const device::UsbEntry& usb) {
  std::string path = std::format("/dev/bus/usb/{:03}/{:03}", usb.bus, usb.address);
  UniqueFd node(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!node) return fail_errno("Failed opening " + path);
  Reverter undo;
  std::string set = TRY(add_fdset(ctx, client, undo, backend_id(usb.device), node.get()));
  TRY(client.run(ctx, "device_add", {{"driver", "usb-host"}, {"id", device_id(usb.device)}, {"bus", "qemu_usb.0"}, {"hostdevice", set}}));
  undo.commit();
  return {};
}

Result<> plug(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const device::RunConfig& run, const Places& places) {
  auto place = [&](const std::string& device) {
    auto found = places.find(device_id(device));
    return found == places.end() ? Place() : found->second;
  };
  Reverter undo;
  undo.add("unplug", [&](const Context& fresh) { return unplug(fresh, client, run); });
  for (const device::NicEntry& nic : run.nics) TRY_CTX(plug_nic(ctx, client, nic, place(nic.device)), "Failed setting up device {}", quote(nic.device));
  for (const device::DriveEntry& drive : run.drives) TRY_CTX(plug_drive(ctx, client, drive, place(drive.device)), "Failed adding block device for disk device {}", quote(drive.device));
  for (const device::ShareEntry& share : run.shares) TRY_CTX(plug_share(ctx, client, qemu, share, place(share.device)), "Failed sharing {}", quote(share.device));
  for (const device::UsbEntry& usb : run.usbs) TRY_CTX(plug_usb(ctx, client, usb), "Failed setting up device {}", quote(usb.device));
  undo.commit();
  return {};
}

Places places_on(const StringList& free, const MachineSpec& spec) {
  Places out;
  size_t next = 0;
  auto place = [&](const std::string& device, bool needed) {
    if (needed && next < free.size()) out[device_id(device)].port = free[next++];
  };
  for (bool nics : {true, false})
    for (const device::RunConfig& run : spec.devices) {
      if (run.nics.empty() == nics) continue;
      for (const device::NicEntry& nic : run.nics) {
        place(nic.device, nic.bus != "usb");
        if (nic.bus != "usb") out[device_id(nic.device)].vectors = nic_vectors(spec.cpu.count);
      }
      for (const device::DriveEntry& drive : run.drives) place(drive.device, drive.bus == "virtio-blk" || drive.bus == "nvme");
      for (const device::ShareEntry& share : run.shares) place(share.device, !share.socket.empty());
    }
  return out;
}

Result<> plug_all(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const MachineSpec& spec, const Places& places) {
  if (spec.board == Board::microvm) return {};
  for (bool nics : {true, false})
    for (const device::RunConfig& run : spec.devices)
      if (run.nics.empty() != nics) TRY(plug(ctx, client, qemu, run, places));
  return {};
}

Result<> unplug(const Context& ctx, qmp::Client& client, const device::RunConfig& run) {
  StringList names;
  for (const device::NicEntry& nic : run.nics) names.push_back(nic.device);
  for (const device::DriveEntry& drive : run.drives) names.push_back(drive.device);
  for (const device::ShareEntry& share : run.shares) names.push_back(share.device);
  for (const device::UsbEntry& usb : run.usbs) names.push_back(usb.device);
  for (const device::PciEntry& pci : run.pcis) names.push_back(pci.device);
  for (const std::string& name : names) TRY_CTX(remove_device(ctx, client, device_id(name)), "Failed taking out device {}", quote(name));
  remove_backends(ctx, client, run);
  return {};
}

Result<> alter(const Context& ctx, qmp::Client& client, const device::RunConfig& run) {
  StringList there = TRY(peripherals(ctx, client));
  for (const device::DriveEntry& drive : run.drives)
    if (contains(there, device_id(drive.device))) TRY(alter_drive(ctx, client, drive));
  for (const device::NicEntry& nic : run.nics)
    if (nic.kind != device::NicEntry::Kind::passed && contains(there, device_id(nic.device))) TRY(set_link(ctx, client, nic.device, nic.connected));
  return {};
}

}  // namespace instance::qemu
