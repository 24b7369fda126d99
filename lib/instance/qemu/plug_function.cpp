// PCI functions of the host: Linux, Documentation/driver-api/vfio.rst. QEMU opens the node of their IOMMU group by itself, and pins the guest's memory.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "instance/qemu/plug_common.h"

namespace instance::qemu {
namespace {

/// The first function has all of the guest's memory fetched and pinned.
constexpr seconds kPinningTime{600};

/// Root opens everything; who QEMU became needs to own the group's node, which goes with the group's last device.
Result<> own_group(uid_t user, const std::string& group) {
  std::string path = "/dev/vfio/" + group;
  if (user != 0 && !group.empty() && chown(path.c_str(), user, static_cast<gid_t>(-1)) < 0) return fail_errno("Failed to chown vfio group device " + path);
  return {};
}

/// What udev(7) does by its own rules: the node by itself gives nothing away. Hosts without udev leave it to root.
Result<> open_container(uid_t user) {
  constexpr const char* kPath = "/dev/vfio/vfio";
  constexpr mode_t kEverybody = 0666;
  struct stat info;
  bool closed = user != 0 && stat(kPath, &info) == 0 && (info.st_mode & kEverybody) != kEverybody;
  if (closed && chmod(kPath, kEverybody) < 0) return fail_errno(std::string("Failed to chmod ") + kPath);
  return {};
}

Json function_device(const std::string& device, const std::string& address, const std::string& port) {
  return {{"driver", "vfio-pci"}, {"id", device_id(device)}, {"bus", port}, {"addr", "00.0"}, {"host", address}};
}

}  // namespace

Result<> allow_functions(pid_t machine, const device::RunConfig& run) {
  StringList groups;
  for (const device::NicEntry& nic : run.nics)
    if (nic.kind == device::NicEntry::Kind::passed) groups.push_back(nic.iommu_group);
  for (const device::PciEntry& pci : run.pcis) groups.push_back(pci.group);
  struct stat info;
  if (groups.empty()) return {};
  if (stat(std::format("/proc/{}", machine).c_str(), &info) < 0) return fail_errno("Failed finding the machine's process");
  rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (prlimit(machine, RLIMIT_MEMLOCK, &all, nullptr) < 0) return fail_errno("Failed letting the machine lock memory");
  TRY(open_container(info.st_uid));
  for (const std::string& group : groups) TRY(own_group(info.st_uid, group));
  return {};
}

Result<> plug_passed_nic(const Context& ctx, qmp::Client& client, const device::NicEntry& nic, const Place& place) {
  Json device = function_device(nic.device, nic.pci, TRY(free_port(ctx, client, place)));
  if (nic.boot_index >= 0) device["bootindex"] = nic.boot_index;
  TRY(client.run(ctx, "device_add", device, {}, kPinningTime));
  return {};
}

Result<> plug_functions(const Context& ctx, qmp::Client& client, const device::RunConfig& run) {
  for (const device::PciEntry& pci : run.pcis) {
    std::string port = TRY(free_port(ctx, client));
    Json device = function_device(pci.device, pci.address, port);
    if (!pci.firmware) device["rombar"] = 0;
    TRY_CTX(client.run(ctx, "device_add", device, {}, kPinningTime), "Failed setting up device {}", quote(pci.device));
  }
  return {};
}

}  // namespace instance::qemu
