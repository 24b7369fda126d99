#include "applets/guest/disks.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/mounts.h"

namespace guest {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDiskPatience = 3s, kDiskPause = 10ms;
constexpr off_t kIsoLabelAt = 16 * 2048 + 40;  // ECMA-119, 8.4.7
constexpr const char* kDriveLabel = "INCUS-AGENT";

struct Basic {
  const char *type, *target;
  const char* options;
};
constexpr Basic kBasics[] = {
    {"proc", "/proc", "nosuid,nodev,noexec"}, {"sysfs", "/sys", "nosuid,nodev,noexec"}, {"devtmpfs", "/dev", "mode=755"}, {"devpts", "/dev/pts", "mode=620,gid=5"},
    {"tmpfs", "/dev/shm", "mode=1777"},       {"tmpfs", "/run", "mode=755"},            {"cgroup2", "/sys/fs/cgroup", "nsdelegate"},
    {"securityfs", "/sys/kernel/security", "nosuid,nodev,noexec"},
};

constexpr std::pair<const char*, const char*> kLinks[] = {
    {"/dev/fd", "/proc/self/fd"}, {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"}};

void mount_here(const std::string& source, const std::string& target, const std::string& type, const std::string& options) {
  mkdir(target.c_str(), 0755);
  (void)sys::mount_path(source, target, type, split_list(options));
}

/// Block devices with the last words of their uevent file.
struct BlockDevice {
  std::string name, part_name;
  bool partition = false;
};

std::vector<BlockDevice> block_devices() {
  std::vector<BlockDevice> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/class/block", error)) {
    BlockDevice device{.name = entry.path().filename(), .part_name = {}, .partition = fs::exists(entry.path() / "partition", error)};
    auto text = read_file(entry.path() / "uevent", 4096);
    for (const std::string& line : split(text ? *text : "", '\n'))
      if (line.starts_with("PARTNAME=")) device.part_name = line.substr(9);
    out.push_back(std::move(device));
  }
  return out;
}

/// Controllers read their disks in the background.
Result<std::string> find_partition(const std::string& name) {
  auto until = std::chrono::steady_clock::now() + kDiskPatience;
  for (;;) {
    bool controller = false;
    std::error_code error;
    for (const char* bus : {"virtio", "pci"})
      for (const auto& driver : {"virtio_blk", "virtio_scsi", "nvme", "ahci"}) {
        fs::path folder = std::format("/sys/bus/{}/drivers/{}", bus, driver);
        for (const auto& entry : fs::directory_iterator(folder, error)) controller |= entry.is_symlink() && entry.path().filename() != "module";
      }
    for (const BlockDevice& device : block_devices())
      if (device.part_name == name) return "/dev/" + device.name;
    if (!controller || std::chrono::steady_clock::now() > until) return fail(Code::not_found, "There is no partition called {}", name);
    std::this_thread::sleep_for(kDiskPause);
  }
}

/// Lays `upper` (with folders of its own for both halves) over `lower` and makes that the root of this process.
Result<> switch_root(const std::string& lower, const std::string& upper) {
  for (const char* part : {"/changes", "/work"}) mkdir((upper + part).c_str(), 0755);
  mkdir("/newroot", 0755);
  TRY(sys::mount_path("overlay", "/newroot", "overlay", {"lowerdir=" + lower, "upperdir=" + upper + "/changes", "workdir=" + upper + "/work"}));
  for (const char* moved : {"/proc", "/sys", "/dev", "/run"}) {
    std::string target = std::string("/newroot") + moved;
    mkdir(target.c_str(), 0755);
    if (mount(moved, target.c_str(), nullptr, MS_MOVE, nullptr) != 0) return fail_errno(std::string("Failed moving ") + moved);
  }
  if (chdir("/newroot") != 0 || mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 || chdir("/") != 0) return fail_errno("Failed changing the root");
  return {};
}

bool is_config_disk(const std::string& device) {
  UniqueFd fd(open(device.c_str(), O_RDONLY | O_CLOEXEC));
  char label[32] = {};
  return fd && pread(fd.get(), label, sizeof label, kIsoLabelAt) == sizeof label && to_upper(trim(std::string_view(label, sizeof label))) == kDriveLabel;
}

/// The host shares a folder, or has put a disc in.
Result<> mount_config_drive(const std::string& target) {
  for (const char* type : {"virtiofs", "9p"})
    if (sys::mount_path("config", target, type, type[0] == '9' ? StringList{"ro", "trans=virtio"} : StringList{"ro"})) return {};
  for (const BlockDevice& device : block_devices()) {
    std::string path = "/dev/" + device.name;
    if (!device.partition && is_config_disk(path)) return sys::mount_path(path, target, "iso9660", {"ro"});
  }
  return fail(Code::not_found, "There is no config drive");
}

}  // namespace

void mount_basics() {
  for (const Basic& basic : kBasics) mount_here(basic.type, basic.target, basic.type, basic.options);
  // What udev would add; shells want it for <(…).
  for (const auto& [name, target] : kLinks) (void)!symlink(target, name);
}

Result<> enter_root() {
  std::string device = TRY(find_partition(kRootPartition));
  mkdir("/disk", 0755);
  TRY(sys::mount_path(device, "/disk", "ext4", {"noatime"}));
  return switch_root("/", "/disk");
}

Result<> enter_shared_root(const std::string& tag) {
  for (const char* folder : {"/shared", "/memory"}) mkdir(folder, 0755);
  TRY(sys::mount_path(tag, "/shared", "virtiofs", {"ro"}));
  TRY(sys::mount_path("tmpfs", "/memory", "tmpfs", {"mode=755"}));
  return switch_root("/shared", "/memory");
}

Result<> read_config_drive() {
  const std::string drive = "/run/incus_drive";
  mkdir(drive.c_str(), 0700);
  TRY(mount_config_drive(drive));
  std::error_code error;
  mkdir(kAgentFolder, 0700);
  for (const auto& entry : fs::directory_iterator(drive, error)) {
    // We bring an agent of our own; those on the drive are large, and links to them (lxd-agent) would be copied as what they lead to.
    if (entry.is_symlink() || entry.path().filename().string().starts_with("incus-agent")) continue;
    fs::copy(entry.path(), kAgentFolder / entry.path().filename(), fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  }
  (void)sys::unmount(drive);
  return {};
}

}  // namespace guest
