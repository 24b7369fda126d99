// The microvm board: a kernel started directly, devices on virtio-mmio, no PCI, nothing to plug. docs/system/i386/microvm of QEMU.
#include "instance/qemu/config_builder.h"
#include "instance/qemu/plug.h"

namespace instance::qemu {

Result<> Builder::microvm_drive(const device::DriveEntry& drive) {
  if (drive.path.empty()) return {};
  std::string node = backend_id(drive.device);
  StringMap backend = {{"if", "none"}, {"file", drive.path}, {"format", "raw"}, {"readonly", drive.readonly || drive.cdrom ? "on" : "off"}, {"file.locking", "off"},
                       {"discard", drive.discard ? "unmap" : "ignore"}, {"cache", drive.cache}};
  if (drive.cache == "none") backend["aio"] = "native";
  for (const auto& [key, value] : {std::pair{"throttling.bps-read", drive.read_bytes}, {"throttling.bps-write", drive.write_bytes},
                                   {"throttling.iops-read", drive.read_ops}, {"throttling.iops-write", drive.write_ops}})
    if (value != 0) backend[key] = std::to_string(value);
  add(drive.device + " disk", std::format("drive \"{}\"", node), std::move(backend));
  StringMap device = {{"driver", "virtio-blk-device"}, {"drive", node}, {"serial", node.substr(0, 20)}};
  add("", std::format("device \"{}\"", device_id(drive.device)), std::move(device));
  return {};
}

Result<> Builder::microvm_nic(const device::NicEntry& nic) {
  if (nic.kind != device::NicEntry::Kind::tap)
    return fail(Code::unsupported, "NIC {} cannot be used with a microvm, which takes bridged, p2p and routed NICs only", quote(nic.device));
  std::string id = backend_id(nic.device);
  add(nic.device + " NIC", std::format("netdev \"{}\"", id), {{"type", "tap"}, {"ifname", nic.host_name}, {"script", "no"}, {"downscript", "no"}, {"queues", "2"}});
  StringMap entries = {{"driver", "virtio-net-device"}, {"netdev", id}, {"mac", nic.hwaddr}, {"mq", "on"}};
  if (nic.mtu != 0) entries["host_mtu"] = std::to_string(nic.mtu);
  add("", std::format("device \"{}\"", device_id(nic.device)), std::move(entries));
  return {};
}

Result<> Builder::microvm() {
  if (!qemu_.microvm) return fail(Code::unsupported, "This QEMU ({}) has no microvm machine", qemu_.version);
  if (spec_.kernel.kernel.empty()) return fail(Code::invalid, "A microvm starts a kernel directly, and the image carries none");
  StringMap machine = {{"type", "microvm"}, {"accel", spec_.accel == Accel::kvm ? "kvm" : "tcg"}, {"graphics", "off"}, {"memory-backend", "mem0"},
                       {"x-option-roms", "on"}};  // what starts the kernel is one of them (QEMU 11)
  // KVM has a clock of its own; without it the kernel measures time by the old timer.
  if (spec_.accel == Accel::kvm) machine["pit"] = machine["pic"] = machine["rtc"] = "off";
  add("Machine", "machine", std::move(machine));
  sandbox();
  clock();
  processors();
  control();
  add("Balloon driver", "device \"qemu_balloon\"", {{"driver", "virtio-balloon-device"}});
  add("Random number generator", "object \"qemu_rng\"", {{"qom-type", "rng-random"}, {"filename", "/dev/urandom"}});
  add("", "device \"dev-qemu_rng\"", {{"driver", "virtio-rng-device"}, {"rng", "qemu_rng"}});
  TRY(vsock("-device", false));
  add("Virtual serial bus", "device \"dev-qemu_serial\"", {{"driver", "virtio-serial-device"}});
  serial_ports(false);
  const ConfigDriveSpec& drive = spec_.config_drive;
  if (!drive.folder.empty() && qemu_.has("virtio-9p-device")) {
    add("Shared config drive (9p)", "fsdev \"qemu_config\"", {{"fsdriver", "local"}, {"path", drive.folder}, {"readonly", "on"}, {"security_model", "none"}});
    add("", "device \"dev-qemu_config-drive-9p\"", {{"driver", "virtio-9p-device"}, {"fsdev", "qemu_config"}, {"mount_tag", "config"}});
  }
  for (const device::RunConfig& run : spec_.devices) {
    for (const device::DriveEntry& entry : run.drives) TRY(microvm_drive(entry));
    for (const device::NicEntry& entry : run.nics) TRY(microvm_nic(entry));
    if (!run.shares.empty() || !run.tpms.empty() || !run.usbs.empty() || !run.pcis.empty())
      return fail(Code::unsupported, "Shared folders, TPMs, USB and PCI devices cannot be used with a microvm");
  }
  if (!drive.iso.empty()) {
    add("Config drive", "drive \"qemu_config-iso\"", {{"if", "none"}, {"file", drive.iso}, {"format", "raw"}, {"readonly", "on"}});
    add("", "device \"dev-qemu_config-iso\"", {{"driver", "virtio-blk-device"}, {"drive", "qemu_config-iso"}});
  }
  return {};
}

}  // namespace instance::qemu
