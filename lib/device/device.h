// Device types behind one interface. A type is one file (lib/device/<type>.cpp, nic kinds lib/device/nic/<kind>.cpp) and one
// line in types.def. Devices reach their instance only through Host.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/reverter.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "config/key.h"

namespace device {

/// What a device may know of, and do to, the instance it belongs to. Implemented by instance drivers.
class Host {
 public:
  virtual ~Host() = default;
  virtual const std::string& project() const = 0;
  virtual const std::string& name() const = 0;
  virtual bool is_container() const = 0;
  /// Of a profile, which instances of all types may have: each of its devices is fine if one of them can have it.
  virtual bool is_any_type() const { return false; }
  virtual bool privileged() const = 0;
  virtual const StringMap& expanded_config() const = 0;
  virtual const std::map<std::string, StringMap>& expanded_devices() const = 0;
  virtual std::string devices_path() const = 0;  ///< <var>/devices/<project>_<instance>: device nodes and mount sources for this instance
  virtual std::string log_path() const = 0;
  virtual std::string run_path() const = 0;
  virtual std::string rootfs_path() const = 0;
  virtual pid_t init_pid() const = 0;  ///< 0 when not running
  /// Host id for an id inside the instance (identity for privileged ones). -1 if not mapped.
  virtual int64_t host_uid(int64_t uid) const = 0;
  virtual int64_t host_gid(int64_t gid) const = 0;
  /// Reads and writes volatile.* keys; `key` is "<device>.<key>" ("eth0.hwaddr"). An empty value removes. Written to the database at once.
  virtual std::string volatile_get(const std::string& key) const = 0;
  virtual Result<> volatile_set(const StringMap& changes) = 0;
};

/// A mount the runtime makes inside the instance at start, or at once when hot-plugged.
struct MountEntry {
  std::string device;     ///< device name
  std::string source;     ///< path on the host
  std::string target;     ///< path in the instance, relative to its root, no leading slash
  std::string fs_type;    ///< "none" for binds
  StringList options;     ///< "bind", "ro", "create=dir", "create=file", …
  bool idmap = false;     ///< make it an idmapped mount with the instance's map
  bool optional = false;
};

/// A network interface the runtime moves into the instance, or that a virtual machine's NIC is wired to.
struct NicEntry {
  enum class Kind { moved, tap, macvtap, passed };
  std::string device;
  std::string host_name;   ///< interface to move (the inner end of the veth pair, a macvlan, …); the tap or macvtap; what it was called before it was passed
  std::string name;        ///< name inside
  std::string hwaddr;
  // Virtual machines only:
  Kind kind = Kind::moved;
  std::string pci, iommu_group;  ///< passed: as those of PciEntry
  std::string bus = "virtio";
  bool connected = true;
  uint32_t mtu = 0;        ///< told to the guest; 0: its default
  int64_t boot_priority = 0;
  int boot_index = -1;     ///< place among all bootable devices, by the runtime
};

/// A disk of a virtual machine.
struct DriveEntry {
  std::string device;
  std::string path;         ///< raw image or block device on the host; empty: a drive without a medium
  std::shared_ptr<UniqueFd> hold;   ///< what `path` goes through, where that is a descriptor
  std::string bus = "virtio-scsi";  ///< or "virtio-blk", "nvme", "usb"
  std::string cache = "none";       ///< or "writeback", "unsafe"
  std::string wwn;
  bool root = false, readonly = false, cdrom = false;
  bool discard = true;
  uint64_t read_bytes = 0, write_bytes = 0, read_ops = 0, write_ops = 0;  ///< per second; 0: no limit
  int64_t boot_priority = 0;
  int boot_index = -1;
};

/// A folder of the host that the agent of a virtual machine mounts.
struct ShareEntry {
  std::string device;
  std::string source;       ///< folder on the host, what 9p serves
  std::string target;       ///< absolute path inside
  std::string tag;          ///< what the guest mounts by
  std::string socket;       ///< of virtiofsd; empty: 9p
  bool readonly = false;
  StringList options;       ///< mount options for the agent
};

/// An emulated TPM on a socket (swtpm).
struct TpmEntry {
  std::string device;
  std::string socket;
};

/// A USB device of the host.
struct UsbEntry {
  std::string device;
  unsigned bus = 0, address = 0;
};

/// A PCI function of the host, or a mediated device of one, that a virtual machine gets.
struct PciEntry {
  std::string device;
  std::string address;      ///< "0000:02:00.0"; has the driver vfio-pci
  std::string group;        ///< its IOMMU group: the node /dev/vfio/GROUP
  std::string mdev;         ///< UUID of a mediated device, which the guest gets instead of the function
  bool firmware = true;     ///< its option ROM is shown
  bool gpu = false;
  bool vga = false;         ///< it serves the ports and the memory of VGA too: a screen from the first moment
  StringList siblings;      ///< other functions of the card, which the guest gets too
};

/// A device node permission: "c 1:3 rwm".
struct CgroupEntry {
  std::string rule;
  bool allow = true;
};

/// What a started device needs from the runtime.
struct RunConfig {
  std::vector<MountEntry> mounts;
  std::vector<NicEntry> nics;
  std::vector<CgroupEntry> cgroup;
  std::string rootfs;                ///< the root disk: path of the root file system
  StringMap lxc;                     ///< further lxc.* items, values without newlines
  std::vector<std::pair<std::string, std::string>> cgroup_files;  ///< control group files to write, in cgroup2's words: {"io.max", "8:0 rbps=1048576"}
  StringList environment;
  StringList nvidia_devices;         ///< what NVIDIA's runtime shall bring in, in the words of its tools
  std::vector<std::function<Result<>(const Context&)>> post_start;  ///< run once the instance runs
  // Virtual machines only:
  std::vector<DriveEntry> drives;
  std::vector<ShareEntry> shares;
  std::vector<TpmEntry> tpms;
  std::vector<UsbEntry> usbs;
  std::vector<PciEntry> pcis;
};

/// What a running instance needs so that it has what the host has: start() and plug, unplug and stop(), or nothing.
enum class Hotplug { none, plug, unplug };

/// One device of one instance. Calls run on a worker with the instance lock held.
class Device {
 public:
  virtual ~Device() = default;
  /// Checks the merged config. Errors: invalid with the key and the remedy.
  virtual Result<> validate() = 0;
  /// Before the instance starts, or hot plug. Undo is the caller's stop().
  virtual Result<RunConfig> start(const Context&) = 0;
  /// What start() put into the running instance: on hot unplug the runtime takes it out again (mount targets, interface names and the
  /// host names they get back, device rules), then stop() follows.
  virtual Result<RunConfig> plugged() { return RunConfig{}; }
  /// What the host lost or gained since the instance runs (a node that came or went): see Type::watched. Cheap: it looks, it changes nothing.
  virtual Hotplug pending() { return Hotplug::none; }
  /// The device is new on the instance (created with it, or added later); before any start.
  virtual Result<> add(const Context&) { return {}; }
  /// After the instance stopped, or hot unplug (then called while it still runs). Cleans up everything start() made, also after a crash.
  virtual Result<> stop(const Context&) = 0;
  /// Live change of config keys that updatable_keys() names; `old` is the previous device config.
  virtual Result<> update(const Context&, const StringMap& old, bool running) { (void)old; (void)running; return {}; }
  virtual StringList updatable_keys() const { return {}; }
  /// The device is taken off the instance for good (or the instance deleted).
  virtual Result<> remove(const Context&) { return {}; }
};

/// What devices of all types may use of the daemon.
struct Services;

/// Makes the device `name` with `config` (type key included). Errors: invalid for unknown types.
Result<std::unique_ptr<Device>> create(Services& services, Host& host, const std::string& name, const StringMap& config);

/// All config keys of a type (for metadata and validation): row groups "disk", "nic_bridged", ….
struct Type {
  std::string_view name;  ///< "disk", "nic"
  std::unique_ptr<Device> (*create)(Services&, Host&, const std::string& name, const StringMap& config);
  config::Keys (*keys)(const StringMap& config);
  /// The path on the host whose coming and going changes what a running instance has; empty: none. Null: the type never has one.
  std::string (*watched)(const StringMap& config) = nullptr;
};

}  // namespace device
