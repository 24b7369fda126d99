// What a virtual machine consists of, as plain values: the instance layer fills it before each start, config.h makes QEMU's words of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/strings.h"
#include "device/device.h"

namespace instance::qemu {

/// q35: PCI express, firmware, hot plug. microvm: virtio-mmio, a kernel started directly, nothing can be plugged.
enum class Board { q35, microvm };
enum class Accel { kvm, tcg };

/// One CPU of a fixed topology and the NUMA node it belongs to.
struct CpuPlace {
  unsigned socket = 0, core = 0, thread = 0;
};
struct NumaNode {
  std::vector<int> host_nodes;  ///< memory is bound to them; empty: anywhere
  uint64_t memory = 0;          ///< bytes
  std::vector<CpuPlace> cpus;
};

/// limits.cpu. Without `sockets` CPUs can be plugged: QEMU starts with one, hotplug.h adds the others (`count` in all).
struct CpuSpec {
  unsigned count = 1;
  unsigned present = 0;     ///< of a saved machine: how many it has by now, where count is what it started with; 0: count
  unsigned max = 1;         ///< how many may ever be plugged: at least count
  unsigned sockets = 0, cores = 0, threads = 0;  ///< pinned CPUs show the host's topology; 0: not pinned
  std::vector<int> pins;    ///< the host's CPU of each, in the order of sockets, cores and threads; empty: any
  std::vector<NumaNode> nodes;                   ///< empty: one node with all memory. More than one with a topology only
  std::string flags;        ///< further ",flag" text for -cpu, from the host layer ("" mostly)
};

struct MemorySpec {
  uint64_t size = 0;        ///< bytes
  uint64_t max = 0;         ///< bytes: how far it may grow while running; at most size: not at all
  std::string hugepages;    ///< mount point of hugetlbfs to take memory from; empty: ordinary memory
};

/// Boot by firmware: q35 only. `vars` is the instance's own copy (qemu.nvram), writable for QEMU's user.
struct FirmwareSpec {
  std::string code;
  std::string vars;         ///< empty: a BIOS without variables (security.csm)
  std::vector<int> fds;     ///< the numbers that open descriptors of `vars` have in QEMU, whose user may not open it; empty: it opens the file
};

/// Boot a kernel directly: microvm always, q35 if a path is given.
struct KernelSpec {
  std::string kernel, initrd, command_line;
};

/// How the guest's vsock device is served (vsock.h). QEMU inherits a descriptor for it in both cases:
///   vhost:      -device vhost-vsock-pci,guest-cid=CID,vhostfd=FD
///   vhost_user: a chardev (backend = "socket", fd = "FD", no path) and -device vhost-user-vsock-pci,chardev=...; works in QEMU 7.2 and 11
struct VsockSpec {
  enum class Kind { none, vhost, vhost_user } kind = Kind::none;
  uint32_t cid = 0;         ///< vhost
  int fd = -1;              ///< the number of VsockDevice::fd in QEMU
};

/// The config drive: a folder over 9p (tag "config") where QEMU can, or an ISO image (label "incus-agent").
struct ConfigDriveSpec {
  std::string folder;
  std::string iso;
};

/// How the clock begins that the firmware shows.
struct ClockSpec {
  int64_t adjustment = 0;  ///< seconds ahead of the host's
  bool local = false;      ///< in the host's time zone instead of UTC
};

struct MachineSpec {
  std::string name;         ///< of the QEMU process: "v1", "project_v1"
  std::string uuid;         ///< volatile.uuid
  std::string generation;   ///< volatile.uuid.generation
  Board board = Board::q35;
  Accel accel = Accel::tcg;
  CpuSpec cpu;
  MemorySpec memory;
  FirmwareSpec firmware;
  KernelSpec kernel;
  VsockSpec vsock;
  ConfigDriveSpec config_drive;
  ClockSpec clock;
  bool secure_boot = true;  ///< which firmware was chosen: the SMM of q35 goes with it
  bool nesting = true;      ///< security.nesting: the guest may use hardware virtualization
  bool nested = true;       ///< the host is a virtual machine itself: its clock may change with the next host
  bool stateful = false;    ///< migration.stateful: only devices whose state can be saved
  std::string machine;      ///< QEMU's version of the board, "pc-q35-7.2": that of a saved state; empty: the newest
  unsigned ports = 0;       ///< PCI express ports in all; 0: as many as the devices need, and some spare ones
  bool incoming = false;    ///< restores a saved state: waits for migrate-incoming
  bool csm = false;         ///< security.csm: BIOS
  bool windows = false;     ///< image.os: Windows: no devices it has no drivers for
  std::string run_folder;   ///< qemu.conf, qemu.pid, qemu.monitor, qemu.spice, …
  std::string log_file;     ///< qemu.log
  std::string user;         ///< QEMU gives up root for this user; empty: stays what it is
  std::vector<device::RunConfig> devices;  ///< microvm: part of the config. q35: plugged over QMP before the first instruction (plug.h)
  StringMap config;         ///< expanded config: raw.qemu, raw.qemu.conf, raw.qemu.qmp.*, raw.qemu.scriptlet are read from it
};

}  // namespace instance::qemu
