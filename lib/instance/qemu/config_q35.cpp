// The q35 board. Fixed devices take exactly four PCI express ports, so that the first NIC comes to the fifth and is called enp5s0 in guests,
// as images expect.
#include "instance/qemu/config_builder.h"
#include "instance/qemu/plug.h"

namespace instance::qemu {
namespace {

/// The set that config.cpp makes of FirmwareSpec::fds.
constexpr const char* kVarsSet = "/dev/fdset/1";
constexpr int kSparePorts = 8;  ///< for what is plugged while it runs

bool names_boot_source(const MachineSpec& spec) {
  std::string raw = get_or(spec.config, "raw.qemu");
  auto words = split_words(raw);
  return words && (contains(*words, "-bios") || contains(*words, "-kernel"));
}

/// An emulating QEMU draws what is in VGA memory by asking every processor what it wrote there, and waits forever for one that is just being removed
/// (7.2): its machines have a screen without such memory, unless their BIOS needs it.
const char* screen_device(const MachineSpec& spec, const Capabilities& qemu) {
  bool plain = qemu.has("virtio-gpu-pci"), vga = qemu.has("virtio-vga");
  if (vga && (!plain || spec.accel == Accel::kvm || spec.csm)) return "virtio-vga";
  return plain ? "virtio-gpu-pci" : "VGA";
}

}  // namespace

void Builder::machine() {
  add("Machine", "machine", {{"type", spec_.machine.empty() ? "q35" : spec_.machine}, {"accel", spec_.accel == Accel::kvm ? "kvm" : "tcg"}, {"graphics", "off"}, {"usb", "off"}});
  add("", "global", {{"driver", "ICH9-LPC"}, {"property", "disable_s3"}, {"value", "1"}});
  add("", "global", {{"driver", "ICH9-LPC"}, {"property", "disable_s4"}, {"value", "0"}});
  add("", "boot-opts", {{"strict", "on"}});
}

void Builder::firmware() {
  if (spec_.csm || !spec_.kernel.kernel.empty() || spec_.firmware.code.empty() || names_boot_source(spec_)) return;
  add("Firmware (read only)", "drive", {{"file", spec_.firmware.code}, {"if", "pflash"}, {"format", "raw"}, {"unit", "0"}, {"readonly", "on"}});
  if (!spec_.firmware.vars.empty())
    add("Firmware settings (writable)", "drive", {{"file", spec_.firmware.fds.empty() ? spec_.firmware.vars : kVarsSet}, {"if", "pflash"}, {"format", "raw"}, {"unit", "1"}});
}

void Builder::usb() {
  add_pci("USB controller", "qemu_usb", {{"driver", "qemu-xhci"}, {"p2", "8"}, {"p3", "8"}}, "generic");
  for (int i = 1; qemu_.spice && i <= 3; i++) {
    std::string chardev = std::format("qemu_spice-usb-chardev{}", i);
    add("", std::format("chardev \"{}\"", chardev), {{"backend", "spicevmc"}, {"name", "usbredir"}});
    add("", std::format("device \"qemu_spice-usb{}\"", i), {{"driver", "usb-redir"}, {"chardev", chardev}});
  }
}

void Builder::fixed_devices() {
  add_pci("Balloon driver", "qemu_balloon", {{"driver", "virtio-balloon-pci"}}, "generic");
  add("Random number generator", "object \"qemu_rng\"", {{"qom-type", "rng-random"}, {"filename", "/dev/urandom"}});
  add_pci("", "dev-qemu_rng", {{"driver", "virtio-rng-pci"}, {"rng", "qemu_rng"}}, "generic");
  add_pci("Input", "qemu_keyboard", {{"driver", "virtio-keyboard-pci"}}, "generic");
  add_pci("Input", "qemu_tablet", {{"driver", "virtio-tablet-pci"}}, "generic");
}

Result<> Builder::bus_devices() {
  fixed_devices();
  // A vhost-user device's state can't be saved: stateful machines have it plugged and unplugged (plug_vsock).
  bool plugged = spec_.stateful && spec_.vsock.kind == VsockSpec::Kind::vhost_user;
  if (!plugged) TRY(vsock("-pci", true));
  if (qemu_.spice) add("SPICE", "spice", {{"unix", "on"}, {"addr", "qemu.spice"}, {"disable-ticketing", "on"}});
  add_pci("Virtual serial bus", "dev-qemu_serial", {{"driver", "virtio-serial-pci"}}, "generic");
  serial_ports(qemu_.spice);
  usb();
  // Its state can't be saved.
  if (qemu_.has("virtio-sound-pci") && !spec_.windows && !spec_.stateful) {
    add("Sound device", "audiodev \"qemu_sound-audiodev\"", {{"driver", qemu_.spice ? "spice" : "none"}});
    add_pci("", "qemu_sound", {{"driver", "virtio-sound-pci"}, {"audiodev", "qemu_sound-audiodev"}}, "generic");
  }
  auto seen_by_bios = [&](const std::string& comment, const std::string& name, StringMap entries) {
    if (!spec_.csm) return add_pci(comment, name, std::move(entries), "");
    ports_.port();  // keeps the numbers of the ports that follow
    ports_.place_on_root(entries);
    add(comment, std::format("device \"{}\"", name), std::move(entries));
  };
  seen_by_bios("SCSI controller", "qemu_scsi", {{"driver", "virtio-scsi-pci"}, {"num_queues", std::to_string(spec_.cpu.count)}});
  config_drive();
  seen_by_bios("GPU", "qemu_gpu", {{"driver", screen_device(spec_, qemu_)}});
  return {};
}

void Builder::config_drive() {
  const ConfigDriveSpec& drive = spec_.config_drive;
  if (!drive.folder.empty() && !spec_.windows && qemu_.has("virtio-9p-pci")) {
    // The port is numbered before the share is described, as the others.
    StringMap device = {{"driver", "virtio-9p-pci"}, {"fsdev", "qemu_config"}, {"mount_tag", "config"}};
    ports_.place(device, "9p");
    add("Shared config drive (9p)", "fsdev \"qemu_config\"",
        {{"fsdriver", "local"}, {"path", drive.folder}, {"readonly", "on"}, {"security_model", "none"}});
    add("", "device \"dev-qemu_config-drive-9p\"", std::move(device));
  } else {
    ports_.port();
  }
  if (drive.iso.empty()) return;
  add("Config drive", "drive \"qemu_config-iso\"", {{"if", "none"}, {"file", drive.iso}, {"format", "raw"}, {"readonly", "on"}, {"media", "cdrom"}});
  add("", "device \"dev-qemu_config-iso\"", {{"driver", "scsi-cd"}, {"drive", "qemu_config-iso"}, {"bus", "qemu_scsi.0"}, {"channel", "0"}, {"scsi-id", "255"}, {"lun", "0"},
           {"device_id", "incus_agent"}});  // Debian's agent looks for that
}

void Builder::shares() {
  for (const device::RunConfig& run : spec_.devices)
    for (const device::ShareEntry& share : run.shares) {
      if (!share.socket.empty()) continue;
      std::string id = backend_id(share.device);
      StringMap entries = {{"driver", "virtio-9p-pci"}, {"fsdev", id}, {"mount_tag", share.tag}};
      ports_.place(entries, "9p");
      add(share.device + " drive (9p)", std::format("fsdev \"{}\"", id),
          {{"fsdriver", "local"}, {"path", share.source}, {"readonly", share.readonly ? "on" : "off"}, {"security_model", "passthrough"}});
      add("", std::format("device \"dev-{}-9p\"", id), std::move(entries));
    }
}

void Builder::tpm() {
  for (const device::RunConfig& run : spec_.devices)
    for (const device::TpmEntry& tpm : run.tpms) {
      std::string chardev = "qemu_tpm-chardev_" + backend_id(tpm.device), backend = "qemu_tpm-tpmdev_" + backend_id(tpm.device);
      add("", std::format("chardev \"{}\"", chardev), {{"backend", "socket"}, {"path", tpm.socket}});
      add("", std::format("tpmdev \"{}\"", backend), {{"type", "emulator"}, {"chardev", chardev}});
      add("", std::format("device \"{}\"", device_id(tpm.device)), {{"driver", "tpm-crb"}, {"tpmdev", backend}});
    }
}

/// Functions of one card share a port, so that drivers find them together.
void Builder::functions() {
  for (const device::RunConfig& run : spec_.devices)
    for (const device::PciEntry& pci : run.pcis) {
      std::string kind = pci.gpu ? "GPU" : "PCI", id = device_id(pci.device), group = backend_id(pci.device);
      StringMap entries = {{"driver", "vfio-pci"}};
      if (pci.mdev.empty()) entries["host"] = pci.address;
      else entries["sysfsdev"] = "/sys/bus/mdev/devices/" + pci.mdev;
      if (!pci.firmware) entries["rombar"] = "0";
      if (pci.vga) entries["x-vga"] = "on";
      add_pci(std::format("{} card (\"{}\" device)", kind, pci.device), id, std::move(entries), group);
      for (const std::string& sibling : pci.siblings) {
        StringMap part = {{"driver", "vfio-pci"}, {"host", sibling}};
        ports_.place(part, group);
        std::string address = part["addr"];
        add(std::format("{} card (\"{}_{}\" device)", kind, pci.device, address), std::format("device \"{}_{}\"", id, address), std::move(part));
      }
    }
}

void Builder::spare_ports() {
  int needed = spec_.stateful ? 1 : 0;
  for (const device::RunConfig& run : spec_.devices) {
    for (const device::NicEntry& nic : run.nics) needed += nic.bus != "usb";
    for (const device::DriveEntry& drive : run.drives) needed += drive.bus == "virtio-blk" || drive.bus == "nvme";
    for (const device::ShareEntry& share : run.shares) needed += !share.socket.empty();
  }
  for (int i = 0; i < needed; i++) ports_.port();
  functions();
  if (!spec_.generation.empty()) add("VM Generation ID", "device \"vmgenid0\"", {{"driver", "vmgenid"}, {"guid", spec_.generation}});
  for (int i = 0; spec_.ports == 0 ? i < kSparePorts : ports_.count() < spec_.ports; i++) ports_.port();
}

Result<> Builder::q35() {
  machine();
  sandbox();
  clock();
  processors();
  firmware();
  control();
  add("VM core info driver", "device \"qemu_vmcoreinfo\"", {{"driver", "vmcoreinfo"}});
  TRY(bus_devices());
  shares();
  tpm();
  spare_ports();
  return {};
}

}  // namespace instance::qemu
