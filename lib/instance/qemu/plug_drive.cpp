// Disks: an open file goes to QEMU, which has no rights to open it itself, then a block node, then the device.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "instance/qemu/plug_common.h"
#include "sys/disk_claim.h"

namespace instance::qemu {
namespace {

constexpr int64_t kBtrfs = 0x9123683e, kZfs = 0x2fc12fc1;

struct Opened {
  UniqueFd fd;
  bool block_device = false;
  std::string cache;  ///< "none", "writeback", "unsafe"
};

/// Direct access bypasses the host's cache; where the file system can't do that, or does it badly, the cache is used.
Result<Opened> open_drive(const device::DriveEntry& drive) {
  int flags = (drive.readonly || drive.cdrom ? O_RDONLY : O_RDWR) | O_CLOEXEC;
  Opened out{.fd = {}, .cache = drive.cache.empty() ? "none" : drive.cache};
  if (out.cache == "none") out.fd.reset(open(drive.path.c_str(), flags | O_DIRECT));
  struct statfs system{};
  bool avoided = out.fd && fstatfs(out.fd.get(), &system) == 0 && (system.f_type == kBtrfs || system.f_type == kZfs);
  if (out.cache == "none" && (!out.fd || avoided)) out.cache = "writeback";
  if (out.cache != "none") out.fd.reset(open(drive.path.c_str(), flags));
  struct stat info;
  if (!out.fd || fstat(out.fd.get(), &info) != 0) return fail_errno("Failed opening disk " + drive.path);
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) return fail(Code::invalid, "The disk {} is neither a file nor a block device", quote(drive.path));
  out.block_device = S_ISBLK(info.st_mode);
  TRY(sys::claim_disk(out.fd.get(), drive.path, false));
  return out;
}

Result<> add_node(const Context& ctx, qmp::Client& client, Reverter& undo, const device::DriveEntry& drive, const std::string& node) {
  Opened opened = TRY(open_drive(drive));
  std::string path = TRY(add_fdset(ctx, client, undo, node, opened.fd.get()));
  bool direct = opened.cache == "none";
  TRY(client.run(ctx, "blockdev-add", {
      {"driver", opened.block_device ? "host_device" : "file"}, {"node-name", node}, {"filename", path}, {"locking", "off"},
      {"aio", direct ? "native" : "threads"}, {"cache", {{"direct", direct}, {"no-flush", opened.cache == "unsafe"}}},
      {"discard", drive.discard ? "unmap" : "ignore"}, {"read-only", drive.readonly || drive.cdrom}}));
  undo_with(undo, client, "blockdev-del", {{"node-name", node}});
  return {};
}

/// The device in front of the node, by its bus.
Result<Json> front(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive, const std::string& node, const Place& place) {
  Json out = {{"id", device_id(drive.device)}, {"drive", node}};
  if (drive.boot_index >= 0) out["bootindex"] = drive.boot_index;
  // NVMe and virtio keep 20 bytes of a serial number.
  bool own_port = drive.bus == "nvme" || drive.bus == "virtio-blk";
  out["serial"] = node.substr(0, own_port ? 20 : 36);
  if (own_port) {
    out["driver"] = drive.bus == "nvme" ? "nvme" : "virtio-blk-pci";
    out["bus"] = TRY(free_port(ctx, client, place));
    out["addr"] = "00.0";
    return out;
  }
  if (drive.bus == "usb") {
    out["driver"] = "usb-storage";
    out["bus"] = "qemu_usb.0";
    out["removable"] = drive.cdrom;
    return out;
  }
  if (drive.bus != "virtio-scsi" && !drive.bus.empty()) return fail(Code::unsupported, "Disks on the bus {} are not supported", quote(drive.bus));
  out.update({{"driver", drive.cdrom ? "scsi-cd" : "scsi-hd"}, {"bus", "qemu_scsi.0"}, {"channel", 0}, {"lun", 1}, {"device_id", node}});
  if (place.scsi_id >= 0) out["scsi-id"] = place.scsi_id;
  if (auto wwn = parse_uint(drive.wwn.starts_with("0x") ? drive.wwn.substr(2) : drive.wwn, 16)) out["wwn"] = *wwn;
  return out;
}

/// What QEMU calls the device in front of a node: with some buses a part of the one that was plugged has it.
Result<std::string> holder_of(const Context& ctx, qmp::Client& client, const std::string& node) {
  Json blocks = TRY(client.run(ctx, "query-block"));
  for (const Json& block : blocks.is_array() ? blocks : Json::array()) {
    auto inserted = block.find("inserted"), device = block.find("qdev");
    if (inserted == block.end() || !inserted->is_object() || device == block.end() || !device->is_string()) continue;
    if (inserted->value("node-name", "") == node) return device->get<std::string>();
  }
  return fail(Code::not_found, "No device has the disk {}", quote(node));
}

Result<> set_limits(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive) {
  std::string holder = TRY(holder_of(ctx, client, backend_id(drive.device)));
  TRY_CTX(client.run(ctx, "block_set_io_throttle",
                     {{"id", holder}, {"bps", 0}, {"bps_rd", drive.read_bytes}, {"bps_wr", drive.write_bytes},
                      {"iops", 0}, {"iops_rd", drive.read_ops}, {"iops_wr", drive.write_ops}}),
          "Failed applying limits for disk device {}", quote(drive.device));
  return {};
}

}  // namespace

Result<> settle_caches(std::vector<device::RunConfig>& devices) {
  for (device::RunConfig& run : devices)
    for (device::DriveEntry& drive : run.drives)
      if (!drive.path.empty()) drive.cache = TRY(open_drive(drive)).cache;
  return {};
}

Result<> plug_drive(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive, const Place& place) {
  std::string node = backend_id(drive.device);
  Reverter undo;
  TRY(add_node(ctx, client, undo, drive, node));
  Json device = TRY(front(ctx, client, drive, node, place));
  TRY(client.run(ctx, "device_add", device));
  undo_with(undo, client, "device_del", {{"id", device_id(drive.device)}});
  if (drive.read_bytes || drive.write_bytes || drive.read_ops || drive.write_ops) TRY(set_limits(ctx, client, drive));
  undo.commit();
  return {};
}

Result<> alter_drive(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive) {
  if (drive.cdrom && drive.path.empty()) return {};
  TRY(set_limits(ctx, client, drive));
  if (drive.path.empty() || drive.readonly || drive.cdrom) return {};
  UniqueFd fd(open(drive.path.c_str(), O_RDONLY | O_CLOEXEC));
  off_t size = fd ? lseek(fd.get(), 0, SEEK_END) : -1;
  if (size < 0) return fail_errno("Failed finding the size of disk " + drive.path);
  TRY_CTX(client.run(ctx, "block_resize", {{"node-name", backend_id(drive.device)}, {"size", size}}), "Failed growing disk device {}", quote(drive.device));
  return {};
}

}  // namespace instance::qemu
