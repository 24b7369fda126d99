// Disks: the root file system, folders and files of the host, custom volumes, tmpfs.
#include <fcntl.h>
#include <sys/stat.h>

#include <mutex>

#include "base/units.h"
#include "db/codes.h"
#include "device/disk_dependent.h"
#include "device/disk_keys.h"
#include "device/disk_limits.h"
#include "device/disk_machine.h"
#include "device/disk_mount.h"
#include "device/disk_volume.h"
#include "device/io_limits.h"
#include "device/roles.h"
#include "device/services.h"
#include "storage/layout.h"
#include "sys/beneath.h"
#include "sys/owner_shift.h"

namespace device {
namespace {

/// Volumes stay mounted in their pool as long as an instance has them; known by where they are mounted for it.
class Holds {
 public:
  void keep(const std::string& path, int64_t volume, storage::Mounted mounted) {
    std::lock_guard guard(mutex_);
    mounted_[path] = {volume, std::move(mounted)};
  }
  /// Somebody else than the holder of `path` has the volume.
  bool used_elsewhere(int64_t volume, const std::string& path) {
    std::lock_guard guard(mutex_);
    for (const auto& [other, hold] : mounted_)
      if (hold.volume == volume && other != path) return true;
    return false;
  }
  void drop(const std::string& path) {
    Hold last;
    std::lock_guard guard(mutex_);
    auto found = mounted_.find(path);
    if (found == mounted_.end()) return;
    last = std::move(found->second);
    mounted_.erase(found);
  }

 private:
  struct Hold {
    int64_t volume = 0;
    storage::Mounted mounted;
  };
  std::mutex mutex_;
  std::map<std::string, Hold> mounted_;
};
Holds& holds() {
  static Holds all;
  return all;
}

std::string drive_file(const db::volumes::Row& volume, const storage::Mounted& mounted) {
  return mounted.path + "/" + storage::disk_name(volume.content_type == db::ContentType::iso ? storage::ContentType::iso : storage::ContentType::block);
}

class Disk : public Device, public Altered, public FixedAtStart {
 public:
  Disk(Services& services, Host& host, std::string name, StringMap config)
      : services_(services), host_(host), name_(std::move(name)), config_(std::move(config)) {}

  Result<> validate() override;
  Result<> add(const Context& ctx) override { return of_volume() ? follow_dependent(ctx, services_, host_, config_) : Result<>(); }
  Result<RunConfig> start(const Context& ctx) override;
  Result<RunConfig> plugged() override;
  Result<RunConfig> altered(const Context& ctx) override;
  Result<> stop(const Context& ctx) override {
    if (is_root() || is_tmpfs()) return {};
    if (!host_.is_container()) TRY(stop_share(ctx, host_, name_));
    TRY(unmount_disk(path_on_host()));
    holds().drop(path_on_host());
    return {};
  }
  Result<> update(const Context& ctx, const StringMap& old, bool running) override;
  Result<> remove(const Context& ctx) override;
  StringList updatable_keys() const override {
    if (is_root()) return {"size", "size.state", "limits.max", "limits.read", "limits.write"};
    return {"limits.max", "limits.read", "limits.write", "dependent"};
  }
  /// Folders that are shared over 9p. Which way io.bus=auto went shows once it was started.
  bool fixed() const override {
    std::string bus = get("io.bus");
    return !host_.is_container() && (bus.empty() || bus == "auto" ? host_.volatile_get(name_ + ".io.bus") : bus) == "9p";
  }
  bool generated_drive() const { return get("source") == kAgentDrive || get("source") == kCloudInitDrive; }

 private:
  std::string get(const std::string& key) const { return get_or(config_, key); }
  bool on(const std::string& key) const { return is_true(get(key)); }
  bool is_root() const { return get("path") == "/" && get("source").empty(); }
  bool is_tmpfs() const { return get("source") == "tmpfs:"; }
  bool required() const { return !on("optional") && !is_false(get("required")); }
  bool of_volume() const { return !is_root() && !get("pool").empty() && !get("source").empty(); }
  bool ejected() const { return is_false(get("attached")); }
  bool from_host() const { return get("pool").empty() && !is_tmpfs(); }
  std::string target() const {
    std::string path = get("path");
    return path.substr(std::min(path.find_first_not_of('/'), path.size()));
  }
  std::string path_on_host() const { return host_.devices_path() + "/" + path_name("disk." + name_ + "." + target()); }

  Result<> validate_combinations() const;
  Result<> validate_source() const;
  Result<> validate_volume() const;
  Result<RunConfig> start_tmpfs() const;
  Result<std::string> host_source(const Context& ctx, DiskMount& mount, UniqueFd& hold) const;
  Result<std::string> volume_source(const Context& ctx, DiskMount& mount, UniqueFd& hold, bool& shift) const;
  MountEntry entry(bool file, bool shift) const;
  /// A virtual machine's disk or shared folder, once `mount` says where its source is.
  Result<RunConfig> start_machine(const Context& ctx);
  Result<std::string> generate_drive(const Context& ctx) const;
  Result<std::string> machine_source(const Context& ctx, DiskMount& mount, UniqueFd& hold, bool& drive);
  Result<storage::Mounted> mount_custom(const Context& ctx, const db::volumes::Row& volume) const;
  std::string root_drive() const { return machine_volume(host_) + "/" + storage::disk_name(storage::ContentType::block); }
  /// Where the limited files are on the host.
  std::string limited_path() const { return is_root() ? host_.rootfs_path() : path_on_host(); }
  Result<> add_limits(RunConfig& run) const;

  Services& services_;
  Host& host_;
  std::string name_;
  StringMap config_;
};

Result<> Disk::validate_combinations() const {
  if (host_.is_container()) {
    for (const char* key : {"io.bus", "io.cache", "wwn"})
      if (!get(key).empty()) return fail(Code::invalid, "The option {} cannot be applied to containers", quote(key));
  }
  if (host_.is_container() && !host_.name().empty() && generated_drive()) return fail(Code::invalid, "Disks with source={} are only supported by virtual machines", get("source"));
  if (generated_drive() && !get("pool").empty()) return fail(Code::invalid, "Disk entry with source {} cannot have a \"pool\" property set", quote(get("source")));
  if (!get("wwn").empty() && !contains({"", "auto", "virtio-scsi"}, get("io.bus"))) return fail(Code::invalid, "WWN can only be set on virtio-scsi disks");
  if (!get("required").empty() && !get("optional").empty())
    return fail(Code::invalid, "Cannot use both \"required\" and deprecated \"optional\" properties at the same time");
  if (get("source").empty() && get("path") != "/") return fail(Code::invalid, "Disk entry is missing the required \"source\" or \"path\" property");
  if (get("path") == "/" && !get("source").empty()) return fail(Code::invalid, "Root disk entry may not have a \"source\" property set");
  if (get("path") == "/" && get("pool").empty()) return fail(Code::invalid, "Root disk entry must have a \"pool\" property set");
  if (!get("size").empty() && get("path") != "/" && !is_tmpfs()) return fail(Code::invalid, "Only root or tmpfs disks can have a size quota");
  if (!get("size.state").empty() && get("path") != "/") return fail(Code::invalid, "Only the root disk may have a migration size quota");
  struct stat info;
  if (!get("recursive").empty() && (get("path") == "/" || stat(get("source").c_str(), &info) != 0 || !S_ISDIR(info.st_mode)))
    return fail(Code::invalid, "The recursive option is only supported for additional bind-mounted paths");
  if (on("recursive") && on("readonly")) return fail(Code::invalid, "Recursive read-only bind-mounts aren't currently supported by the kernel");
  if (is_tmpfs() && get("path").empty()) return fail(Code::invalid, "Missing mount \"path\" setting");
  if (target().contains("..") || target().find_first_of("\n\r") != std::string::npos) return fail(Code::invalid, "Invalid disk path {}", quote(get("path")));
  return {};
}

Result<> Disk::validate_source() const {
  std::string source = get("source");
  if (source.starts_with("ceph:") || source.starts_with("cephfs:")) return fail(Code::invalid, "Ceph sources are not available on this server");
  int same_path = 0;
  for (const auto& [name, device] : host_.expanded_devices())
    if (get_or(device, "type") == "disk" && !get("path").empty() && get_or(device, "path") == get("path")) same_path++;
  if (same_path > 1) return fail(Code::invalid, "More than one disk device uses the same path {}", quote(get("path")));
  if (!get("pool").empty()) return {};
  if (is_root() || is_tmpfs() || generated_drive()) return {};
  if (!source.starts_with('/')) return fail(Code::invalid, "Source path must be absolute for local sources");
  struct stat info;
  if (!host_.name().empty() && required() && stat(source.c_str(), &info) != 0)
    return fail(Code::invalid, "Missing source path {} for disk {}", quote(source), quote(name_));
  return {};
}

Result<> Disk::validate_volume() const {
  if (get("pool").empty()) return {};
  if (!get("shift").empty())
    return fail(Code::invalid, "The \"shift\" property cannot be used with custom storage volumes (set \"security.shifted=true\" on the volume instead)");
  if (get("source").starts_with('/')) return fail(Code::invalid, "Storage volumes cannot be specified as absolute paths");
  if (host_.name().empty()) return {};  // profiles may name pools that are yet to come
  TRY_CTX(services_.pools.load(get("pool")), "Failed to get storage pool {}", quote(get("pool")));
  if (is_root()) return {};
  auto volume = TRY_CTX(load_custom_volume(services_, host_.project(), get("pool"), split_volume_source(get("source")).volume), "Failed loading custom volume");
  TRY(check_dependent(services_, host_, config_, volume));
  bool files = volume.content_type == db::ContentType::filesystem;
  if (host_.is_container() && volume.content_type == db::ContentType::block) return fail(Code::invalid, "Custom block volumes cannot be used on containers");
  if (host_.is_container() && volume.content_type == db::ContentType::iso) return fail(Code::invalid, "Custom ISO volumes cannot be used on containers");
  bool iso = volume.content_type == db::ContentType::iso;
  if (!files && !get("path").empty()) return fail(Code::invalid, "Custom {} volumes cannot have a path defined", iso ? "ISO" : "block");
  if (!iso && !get("attached").empty()) return fail(Code::invalid, "Attached configuration can only be applied to ISO volumes");
  if (files && get("path").empty()) return fail(Code::invalid, "Custom filesystem volumes require a path to be defined");
  return {};
}

Result<> Disk::validate() {
  TRY(check_keys(kDiskKeys, config_));
  for (const char* key : {"limits.max", "limits.read", "limits.write"}) TRY(parse_io_limit(get(key)));
  TRY(validate_combinations());
  TRY(validate_source());
  return validate_volume();
}

MountEntry Disk::entry(bool file, bool shift) const {
  MountEntry out{.device = name_, .source = path_on_host(), .target = target(), .fs_type = "none", .options = {}, .idmap = shift, .optional = false};
  if (on("readonly")) out.options.push_back("ro");
  out.options.push_back(on("recursive") ? "rbind" : "bind");
  if (!get("propagation").empty()) out.options.push_back(get("propagation"));
  out.options.push_back(file ? "create=file" : "create=dir");
  return out;
}

Result<> Disk::add_limits(RunConfig& run) const {
  std::string line = TRY(disk_limits(config_, limited_path()));
  if (!line.empty()) run.cgroup_files.emplace_back("io.max", line);
  return {};
}

Result<RunConfig> Disk::start_tmpfs() const {
  MountEntry out{.device = name_, .source = "tmpfs", .target = target(), .fs_type = "tmpfs", .options = {}};
  if (!get("size").empty()) out.options.push_back(std::format("size={}", parse_byte_size(get("size")).value_or(0)));
  for (const char* key : {"mode", "uid", "gid"})
    if (!get(std::string("initial.") + key).empty()) out.options.push_back(std::format("{}={}", key, get(std::string("initial.") + key)));
  out.options.push_back("create=dir");
  RunConfig run;
  run.mounts.push_back(std::move(out));
  return run;
}

/// What to mount for a path of the host; empty if it is missing and need not be there.
Result<std::string> Disk::host_source(const Context& ctx, DiskMount& mount, UniqueFd& hold) const {
  std::string source = get("source");
  hold = TRY(open_host_path(services_, host_, config_, source));
  if (!hold) {
    if (!required()) return "";
    return fail(Code::invalid, "Missing source path {} for disk {}", quote(source), quote(name_));
  }
  struct stat info;
  if (fstat(hold.get(), &info) != 0) return fail_errno("Failed accessing source path " + source);
  mount.file = !S_ISDIR(info.st_mode) && !S_ISBLK(info.st_mode);
  if (S_ISBLK(info.st_mode) && host_.is_container()) {
    mount.fs_type = TRY(block_file_system(ctx, source));
    return source;
  }
  return std::format("/proc/self/fd/{}", hold.get());
}

Result<std::string> Disk::volume_source(const Context& ctx, DiskMount& mount, UniqueFd& hold, bool& shift) const {
  VolumeSource source = split_volume_source(get("source"));
  auto mounted = mount_custom_volume(ctx, services_, host_, get("pool"), source.volume,
                                     [&](int64_t volume) { return holds().used_elsewhere(volume, path_on_host()); });
  if (!mounted) {
    if (!required()) return "";
    return std::unexpected(mounted.error());
  }
  auto volume = TRY(load_custom_volume(services_, host_.project(), get("pool"), source.volume));
  shift = is_true(get_or(volume.config, "security.shifted"));
  std::string path = mounted->path;
  hold = source.path.empty() ? TRY(sys::open_directory(path)) : TRY(open_sub_path(host_, config_, volume, path, source.path));
  struct stat info;
  if (fstat(hold.get(), &info) == 0) mount.file = !S_ISDIR(info.st_mode);
  holds().keep(path_on_host(), volume.id, std::move(*mounted));
  return std::format("/proc/self/fd/{}", hold.get());
}

Result<RunConfig> Disk::start(const Context& ctx) {
  if (!host_.is_container()) return start_machine(ctx);
  RunConfig run;
  if (is_root()) {
    run.rootfs = host_.rootfs_path();
    TRY(add_limits(run));
    return run;
  }
  if (is_tmpfs()) return start_tmpfs();
  UniqueFd hold;
  bool shift = on("shift");
  DiskMount mount{.source = "", .target = path_on_host(), .recursive = on("recursive"), .readonly = on("readonly"),
                  .propagation = get("propagation"), .options = split_list(get("raw.mount.options"))};
  mount.source = TRY(from_host() ? host_source(ctx, mount, hold) : volume_source(ctx, mount, hold, shift));
  if (mount.source.empty()) return run;
  if (shift && !host_.privileged() && !sys::idmapped_mount_works(std::format("/proc/self/fd/{}", hold.get())))
    return fail(Code::unsupported, "idmapping abilities are required but aren't supported on system");
  TRY(unmount_disk(mount.target));
  auto mounted = mount_disk(mount);
  if (!mounted) {
    holds().drop(mount.target);
    return std::unexpected(std::move(mounted).error().wrap("Failed to setup device"));
  }
  run.mounts.push_back(entry(mount.file, shift && !host_.privileged()));
  auto limited = add_limits(run);
  if (!limited) {
    (void)stop(ctx);
    return std::unexpected(limited.error());
  }
  return run;
}

Result<storage::Mounted> Disk::mount_custom(const Context& ctx, const db::volumes::Row& volume) const {
  return TRY(services_.pools.load(get("pool")))->mount(ctx, {.type = storage::VolumeType::custom, .project = volume.project, .name = volume.name});
}

Result<std::string> Disk::machine_source(const Context& ctx, DiskMount& mount, UniqueFd& hold, bool& drive) {
  if (from_host()) {
    std::string source = TRY(host_source(ctx, mount, hold));
    struct stat info;
    drive = hold && fstat(hold.get(), &info) == 0 && !S_ISDIR(info.st_mode);
    return source;
  }
  auto volume = TRY_CTX(load_custom_volume(services_, host_.project(), get("pool"), split_volume_source(get("source")).volume), "Failed loading custom volume");
  drive = volume.content_type != db::ContentType::filesystem;
  if (!drive) {
    bool shift = false;
    return volume_source(ctx, mount, hold, shift);
  }
  auto mounted = TRY(mount_custom(ctx, volume));
  std::string file = drive_file(volume, mounted);
  holds().keep(path_on_host(), volume.id, std::move(mounted));
  return file;
}

Result<RunConfig> Disk::altered(const Context& ctx) {
  if (host_.is_container()) return RunConfig{};
  MachineDisk disk(host_, name_, config_);
  if (is_root()) return disk.drive(root_drive());
  if (!of_volume()) return plugged();
  auto volume = TRY(load_custom_volume(services_, host_.project(), get("pool"), split_volume_source(get("source")).volume));
  if (volume.content_type == db::ContentType::filesystem) return RunConfig{};
  auto mounted = TRY(mount_custom(ctx, volume));
  return disk.drive(drive_file(volume, mounted));
}

Result<std::string> Disk::generate_drive(const Context& ctx) const {
  auto* maker = dynamic_cast<DriveMaker*>(&host_);
  return maker ? maker->make_drive(ctx, get("source")) : fail(Code::unsupported, "Disks with source={} need an instance", get("source"));
}

Result<RunConfig> Disk::start_machine(const Context& ctx) {
  if (is_tmpfs()) return fail(Code::unsupported, "Disks with source=tmpfs: are only supported by containers");
  MachineDisk disk(host_, name_, config_);
  if (is_root()) return disk.drive(root_drive());
  if (generated_drive()) return disk.drive(TRY(generate_drive(ctx)));
  if (ejected()) return RunConfig{};
  DiskMount mount{.source = "", .target = path_on_host(), .recursive = on("recursive"), .readonly = on("readonly"), .options = split_list(get("raw.mount.options"))};
  UniqueFd hold;
  bool drive = false;
  mount.source = TRY(machine_source(ctx, mount, hold, drive));
  if (mount.source.empty()) return RunConfig{};
  if (drive) {
    if (!get("path").empty()) return fail(Code::invalid, "The \"path\" setting is not supported on VMs for non-directory sources");
    // A descriptor keeps what was opened beneath the allowed folders.
    return from_host() ? disk.drive(mount.source, std::make_shared<UniqueFd>(std::move(hold))) : disk.drive(mount.source);
  }
  if (get("path").empty()) return fail(Code::invalid, "Missing mount \"path\" setting");
  TRY(unmount_disk(mount.target));
  TRY_CTX(mount_disk(mount), "Failed to setup device");
  auto shared = disk.share(ctx, mount.target);
  if (!shared) (void)unmount_disk(mount.target);
  return shared;
}

Result<RunConfig> Disk::plugged() {
  RunConfig run;
  if (ejected()) return run;
  if (!host_.is_container()) return MachineDisk(host_, name_, config_).plugged(path_on_host());
  if (is_root() || target().empty()) return run;
  struct stat info;
  bool there = is_tmpfs() || lstat(path_on_host().c_str(), &info) == 0;
  if (there) run.mounts.push_back(entry(!is_tmpfs() && !S_ISDIR(info.st_mode), false));
  if (there && !is_tmpfs()) (void)add_limits(run);
  return run;
}

Result<> Disk::update(const Context& ctx, const StringMap& old, bool running) {
  if (running && !is_tmpfs() && host_.is_container()) TRY(change_disk_limits(host_, old, config_, limited_path()));
  if (of_volume()) return follow_dependent(ctx, services_, host_, config_);
  if (!is_root() || get_or(old, "size") == get("size")) return {};
  auto pool = TRY(services_.pools.load(get("pool")));
  storage::VolumeRef ref{.type = host_.is_container() ? storage::VolumeType::container : storage::VolumeType::virtual_machine, .project = host_.project(), .name = host_.name()};
  return pool->set_quota(ctx, ref, parse_byte_size(get("size")).value_or(0));
}

Result<> Disk::remove(const Context& ctx) {
  if (!of_volume() || !on("dependent")) return {};
  StringMap released = config_;
  released.erase("dependent");
  return follow_dependent(ctx, services_, host_, released);
}

}  // namespace

extern const device::Type disk_type = {
    .name = "disk",
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Disk>(services, host, name, config);
    },
    .keys = [](const StringMap&) -> config::Keys { return kDiskKeys; },
};

}  // namespace device
