#include "device/disk_machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/share_tag.h"
#include "device/io_limits.h"
#include "device/services.h"
#include "sys/background.h"
#include "sys/idmap.h"
#include "sys/spawn.h"
#include "sys/unix_socket.h"

namespace device {
namespace {

std::string share_file(const Host& host, const std::string& name, std::string_view ending) { return host.run_path() + "/virtio-fs." + path_name(name) + std::string(ending); }

/// raw.idmap as virtiofsd's options: these ids of the guest are others on the host, and it may use no other ones.
StringList translations(const sys::IdMap& map, std::string_view option, bool sys::IdMapEntry::*kind) {
  constexpr int64_t kLast = 4294967295;
  std::vector<sys::IdMapEntry> entries = map.entries();
  std::ranges::sort(entries, {}, &sys::IdMapEntry::nsid);
  StringList out;
  int64_t next = 0;
  auto forbid = [&](int64_t before) {
    if (before > next) out.push_back(std::format("{}=forbid-guest:{}:{}", option, next, before - next));
  };
  for (const sys::IdMapEntry& entry : entries) {
    if (!(entry.*kind)) continue;
    out.push_back(std::format("{}=map:{}:{}:{}", option, entry.nsid, entry.hostid, entry.size));
    forbid(entry.nsid);
    next = entry.nsid + entry.size;
  }
  forbid(kLast);
  return out;
}

Result<StringList> id_options(const Context& ctx, const Host& host, const std::string& program) {
  sys::IdMap map = TRY(sys::IdMap::from_raw(get_or(host.expanded_config(), "raw.idmap")));
  if (map.empty()) return StringList();
  auto help = TRY(sys::run(ctx, {program, "--help"}));
  if (!help.out.contains("--translate-uid"))
    return fail(Code::unsupported, "raw.idmap needs virtiofsd 1.13 or newer, which {} is not: upgrade it", program);
  StringList out = translations(map, "--translate-uid", &sys::IdMapEntry::is_uid);
  for (std::string& option : translations(map, "--translate-gid", &sys::IdMapEntry::is_gid)) out.push_back(std::move(option));
  return out;
}

/// io.cache in virtiofsd's words.
std::string cache_mode(const std::string& cache, bool old) {
  if (cache == "unsafe") return "always";
  if (cache == "metadata" && !old) return "metadata";
  return old ? "none" : "never";
}

/// virtiofsd serves one machine and ends with it. `cache`: io.cache.
Result<> start_virtiofsd(const Context& ctx, const Host& host, const std::string& name, const std::string& program, const std::string& folder, const std::string& cache) {
  StringList ids = TRY(id_options(ctx, host, program));
  TRY(stop_share(ctx, host, name));
  UniqueFd socket = TRY(sys::listen_unix(share_file(host, name, ".sock")));
  UniqueFd log(open((host.log_path() + "/disk." + path_name(name) + ".log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  constexpr int kSocket = 3;
  sys::SpawnSpec spec{.stdout_fd = log.get(), .stderr_fd = log.get(), .fds = {{socket.get(), kSocket}}, .new_session = true};
  // QEMU's own old one takes its options otherwise than the one that replaced it.
  bool old = program.starts_with("/usr/lib/qemu/");
  std::string mode = cache_mode(cache, old);
  if (old) spec.argv = {program, std::format("--fd={}", kSocket), "-o", "source=" + folder, "-o", "cache=" + mode};
  else spec.argv = {program, std::format("--fd={}", kSocket), "--cache=" + mode, "--shared-dir=" + folder};
  spec.argv.insert(spec.argv.end(), ids.begin(), ids.end());
  auto child = TRY_CTX(sys::spawn(spec), "Failed to start virtiofsd");
  return sys::Background(share_file(host, name, ".pid")).adopt(std::move(child));
}

}  // namespace

std::string machine_volume(const Host& host) { return std::filesystem::path(host.rootfs_path()).parent_path(); }

Result<> is_wwn(std::string_view value) {
  if (!value.starts_with("0x")) return fail(Code::invalid, "Invalid value for a WWN {}: Missing expected 0x prefix", quote(value));
  if (value.size() == 18 && parse_uint(value.substr(2), 16)) return {};
  return fail(Code::invalid, "Invalid value for a WWN {}: 16 hexadecimal digits are wanted after 0x", quote(value));
}

std::string find_virtiofsd() {
  for (const char* path : {"/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd"})
    if (access(path, X_OK) == 0) return path;
  auto found = sys::find_program("virtiofsd");
  return found ? *found : "";
}

Result<RunConfig> MachineDisk::drive(const std::string& path, std::shared_ptr<UniqueFd> hold) const {
  std::string both = get("limits.max"), source = get("source");
  DriveEntry out{.device = name_, .path = path, .hold = std::move(hold), .bus = get("io.bus"), .cache = get("io.cache"), .wwn = get("wwn")};
  if (out.bus.empty() || out.bus == "auto") out.bus = "virtio-scsi";
  if (out.bus == "9p" || out.bus == "virtiofs") return fail(Code::invalid, "The bus {} is for shared folders only", quote(out.bus));
  if (out.cache.empty() || out.cache == "metadata") out.cache = "none";
  IoLimit read = TRY(parse_io_limit(both.empty() ? get("limits.read") : both)), write = TRY(parse_io_limit(both.empty() ? get("limits.write") : both));
  out.read_bytes = static_cast<uint64_t>(read.bytes);
  out.read_ops = static_cast<uint64_t>(read.operations);
  out.write_bytes = static_cast<uint64_t>(write.bytes);
  out.write_ops = static_cast<uint64_t>(write.operations);
  out.root = get("path") == "/" && source.empty();
  bool made = source == kAgentDrive || source == kCloudInitDrive;
  out.cdrom = !out.root && (made || path.ends_with(".iso") || source.ends_with(".iso") || path.empty());
  out.readonly = is_true(get("readonly")) || out.cdrom;
  // A root disk boots before what has no rank of its own.
  out.boot_priority = parse_int(get("boot.priority")).value_or(out.root ? 1 : 0);
  RunConfig run;
  run.drives.push_back(std::move(out));
  return run;
}

ShareEntry MachineDisk::entry(const std::string& path, bool virtiofs) const {
  ShareEntry out{.device = name_, .source = path, .target = get("path"), .tag = core::share_tag(name_, virtiofs ? core::kVirtiofsTag : core::kNinePTag), .readonly = is_true(get("readonly"))};
  if (virtiofs) out.socket = share_file(host_, name_, ".sock");
  return out;
}

Result<RunConfig> MachineDisk::share(const Context& ctx, const std::string& path) const {
  std::string bus = get("io.bus"), program = find_virtiofsd();
  bool stateful = is_true(get_or(host_.expanded_config(), "migration.stateful"));
  if (bus == "virtiofs" && program.empty()) return fail(Code::unsupported, "virtiofsd is not installed, so folders can only be shared by io.bus=9p: install virtiofsd");
  if (bus == "virtiofs" && stateful) return fail(Code::unsupported, "virtiofs mounts aren't supported with migration.stateful=true");
  bool virtiofs = bus != "9p" && !program.empty() && !stateful;
  if (!virtiofs && host_.init_pid() > 0) return fail(Code::unsupported, "Virtiofsd cannot be used for this share, and 9p doesn't support hotplugging");
  if (!virtiofs && !get_or(host_.expanded_config(), "raw.idmap").empty()) return fail(Code::unsupported, "9p shares do not support identity mapping");
  if (virtiofs) TRY(start_virtiofsd(ctx, host_, name_, program, path, get("io.cache")));
  TRY(host_.volatile_set({{name_ + ".io.bus", virtiofs ? "virtiofs" : "9p"}}));
  RunConfig run;
  run.shares.push_back(entry(path, virtiofs));
  return run;
}

Result<RunConfig> MachineDisk::plugged(const std::string& share_path) const {
  struct stat info;
  bool shared = lstat(share_path.c_str(), &info) == 0;
  if (!shared) return drive("");
  RunConfig run;
  run.shares.push_back(entry(share_path, lstat(share_file(host_, name_, ".sock").c_str(), &info) == 0));
  return run;
}

Result<> stop_share(const Context& ctx, const Host& host, const std::string& name) {
  TRY(sys::Background(share_file(host, name, ".pid")).stop(ctx));
  unlink(share_file(host, name, ".sock").c_str());
  return {};
}

}  // namespace device
