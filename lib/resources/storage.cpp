// Disks and partitions from /sys/class/block, with what udev knows of them.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/encode.h"
#include "base/unique_fd.h"
#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kBlock = "/sys/class/block";

/// udev writes odd bytes as \xNN.
std::string decode_udev(const std::string& encoded) {
  std::string out;
  for (size_t i = 0; i < encoded.size(); i++) {
    auto byte = encoded.compare(i, 2, "\\x") == 0 ? hex_decode(encoded.substr(i + 2, 2)) : std::nullopt;
    if (byte) i += 3;
    out += byte ? *byte : std::string(1, encoded[i]);
  }
  return std::string(trim(out));
}

StringMap udev_properties(const std::string& device) {
  StringMap properties;
  for (const std::string& line : split(read_file("/run/udev/data/b" + device).value_or(""), '\n')) {
    size_t equals = line.find('=');
    if (line.starts_with("E:") && equals != std::string::npos) properties[line.substr(2, equals - 2)] = std::string(trim(line.substr(equals + 1)));
  }
  return properties;
}

void add_udev(api::ResourcesStorageDisk& disk) {
  StringMap udev = udev_properties(disk.device);
  if (udev.empty()) return;
  if (udev["ID_CDROM"] == "1") disk.type = "cdrom";
  else if (udev["ID_USB_DRIVER"] == "usb-storage") disk.type = "usb";
  else if (udev["ID_ATA_SATA"] == "1") disk.type = "sata";
  if (disk.firmware_version.empty()) disk.firmware_version = udev["ID_REVISION"];
  for (const char* key : {"SCSI_IDENT_SERIAL", "ID_SCSI_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"})
    if (disk.serial.empty()) disk.serial = udev[key];
  if (!udev["ID_MODEL_ENC"].empty()) disk.model = decode_udev(udev["ID_MODEL_ENC"]);
  else if (!udev["ID_MODEL"].empty()) disk.model = udev["ID_MODEL"];
  if (auto rpm = parse_uint(udev["ID_ATA_ROTATION_RATE_RPM"]); rpm && disk.rpm == 0) disk.rpm = *rpm;
}

uint64_t block_size(const std::string& name) {
  UniqueFd fd(open(("/dev/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  unsigned size = 0;
  return fd && ioctl(fd.get(), BLKPBSZGET, &size) == 0 ? size : 0;
}

/// The link in `folder` (the last in order) that leads to the device.
std::string link_to(const std::string& folder, const std::string& name) {
  std::string found;
  for (const std::string& link : entries(folder))
    if (real(folder + "/" + link) == "/dev/" + name) found = link;
  return found;
}

std::vector<api::ResourcesStorageDiskPartition> partitions(const std::string& disk, const StringList& all) {
  std::vector<api::ResourcesStorageDiskPartition> list;
  for (const std::string& name : all) {
    std::string path = kBlock + "/" + name;
    auto number_of = number(path + "/partition");
    if (!name.starts_with(disk) || !number_of) continue;
    list.push_back({.id = name,
                    .device = text(path + "/dev"),
                    .read_only = number(path + "/ro") == 1,
                    .size = number(path + "/size").value_or(0) * 512,
                    .partition = *number_of});
  }
  return list;
}

api::ResourcesStorageDisk describe(const std::string& name, const StringList& all) {
  std::string path = kBlock + "/" + name, device = path + "/device";
  api::ResourcesStorageDisk disk{.id = name, .device = text(path + "/dev"), .model = text(device + "/model")};
  if (exists(device + "/subsystem")) disk.type = link_name(device + "/subsystem");
  disk.read_only = number(path + "/ro") == 1;
  disk.size = number(path + "/size").value_or(0) * 512;
  disk.removable = number(path + "/removable") == 1;
  disk.wwn = text(path + "/wwid");
  disk.numa_node = numa_node(device);
  disk.firmware_version = text(device + "/firmware_rev");
  disk.pci_address = pci_address(device);
  disk.usb_address = usb_address(device);
  if (name.starts_with("sr") && disk.removable) {
    disk.type = "cdrom";
    if (disk.size == 0x1fffffULL * 512) disk.size = 0;  // no disc: the kernel's largest value
  }
  disk.partitions = partitions(name, all);
  disk.device_path = link_to("/dev/disk/by-path", name);
  disk.device_id = link_to("/dev/disk/by-id", name);
  disk.block_size = block_size(name);
  add_udev(disk);
  if (disk.rpm == 0) disk.rpm = number(path + "/queue/rotational").value_or(0);
  return disk;
}

}  // namespace

Result<api::ResourcesStorage> storage() {
  api::ResourcesStorage out;
  StringList all = entries(kBlock);
  for (const std::string& name : all) {
    std::string path = kBlock + "/" + name;
    if (!exists(path + "/device") || !exists(path + "/dev")) continue;
    auto disk = describe(name, all);
    if (disk.type == "rbd") continue;  // somebody's volume, not this machine's disk
    out.total += 1 + disk.partitions.size();
    out.disks.push_back(std::move(disk));
  }
  return out;
}

}  // namespace resources
