#include "device/disk_limits.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "device/io_limits.h"
#include "sys/cgroup.h"
#include "sys/mounts.h"

namespace device {
namespace {

struct BlockDevice {
  unsigned major_number = 0, minor_number = 0;
};

/// The limits of reading and writing, both "" without.
std::pair<std::string, std::string> wanted(const StringMap& config) {
  std::string both = get_or(config, "limits.max");
  if (!both.empty()) return {both, both};
  return {get_or(config, "limits.read"), get_or(config, "limits.write")};
}

/// The block device of file systems that show a device number of their own (btrfs): the source of the innermost mount around `path`.
std::optional<dev_t> mounted_device(const std::string& path) {
  auto mount = sys::mount_around(path);
  struct stat info;
  bool block = mount && mount->source.starts_with("/dev/") && stat(mount->source.c_str(), &info) == 0 && S_ISBLK(info.st_mode);
  return block ? std::optional(info.st_rdev) : std::nullopt;
}

/// Limits count for whole disks: a partition's are its disk's.
BlockDevice whole_disk(dev_t device) {
  BlockDevice out{major(device), minor(device)};
  std::string folder = std::format("/sys/dev/block/{}:{}", out.major_number, out.minor_number);
  if (access((folder + "/partition").c_str(), F_OK) != 0) return out;
  StringList numbers = split(trim(read_file(folder + "/../dev").value_or("")), ':', 2);
  if (numbers.size() != 2) return out;
  return {static_cast<unsigned>(parse_uint(numbers[0]).value_or(0)), static_cast<unsigned>(parse_uint(numbers[1]).value_or(0))};
}

Result<BlockDevice> find_block_device(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return fail_errno("Failed accessing " + path);
  if (S_ISBLK(info.st_mode)) return whole_disk(info.st_rdev);
  std::optional<dev_t> device = major(info.st_dev) != 0 ? std::optional(info.st_dev) : mounted_device(path);
  if (!device) return fail(Code::invalid, "I/O limits need a block device, and {} is on none", quote(path));
  return whole_disk(*device);
}

}  // namespace

Result<std::string> disk_limits(const StringMap& config, const std::string& path, bool everything) {
  auto [read, write] = wanted(config);
  TRY(io_max_line(0, 0, read, write));
  if (read.empty() && write.empty() && !everything) return "";
  if (!sys::cgroup_supports("io")) return fail(Code::invalid, "Cannot apply disk limits as IO cgroup controller is missing");
  BlockDevice device = TRY(find_block_device(path));
  std::string line = TRY(io_max_line(device.major_number, device.minor_number, read, write));
  if (!everything) return line;
  if (line.empty()) line = std::format("{}:{}", device.major_number, device.minor_number);
  for (const char* name : {"rbps", "wbps", "riops", "wiops"})
    if (!line.contains(std::format(" {}=", name))) line += std::format(" {}=max", name);
  return line;
}

Result<> change_disk_limits(const Host& host, const StringMap& old, const StringMap& config, const std::string& path) {
  if (wanted(old) == wanted(config) || host.init_pid() == 0) return {};
  std::string line = TRY(disk_limits(config, path, true));
  return TRY(sys::Cgroup::of_process(host.init_pid(), "lxc.payload.")).write("io.max", line);
}

}  // namespace device
