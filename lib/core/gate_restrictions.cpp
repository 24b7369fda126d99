// restricted.*: a row per key with its default and the predicates that read it.
#include <filesystem>

#include "core/gate_entities.h"
#include "sys/idmap.h"

namespace core::gate {

namespace {

struct Restriction {
  std::string_view key;
  std::string_view def;
};
constexpr Restriction kRestrictions[] = {
    {"restricted.backups", "block"},
    {"restricted.cluster.groups", ""},
    {"restricted.cluster.target", "block"},
    {"restricted.containers.interception", "block"},
    {"restricted.containers.lowlevel", "block"},
    {"restricted.containers.nesting", "block"},
    {"restricted.containers.privilege", "unprivileged"},
    {"restricted.devices.disk", "managed"},
    {"restricted.devices.disk.paths", ""},
    {"restricted.devices.gpu", "block"},
    {"restricted.devices.infiniband", "block"},
    {"restricted.devices.nic", "managed"},
    {"restricted.devices.pci", "block"},
    {"restricted.devices.proxy", "block"},
    {"restricted.devices.unix-block", "block"},
    {"restricted.devices.unix-char", "block"},
    {"restricted.devices.unix-hotplug", "block"},
    {"restricted.devices.usb", "block"},
    {"restricted.idmap.gid", ""},
    {"restricted.idmap.uid", ""},
    {"restricted.images.servers", ""},
    {"restricted.networks.access", ""},
    {"restricted.snapshots", "block"},
    {"restricted.storage-pools.access", ""},
    {"restricted.virtual-machines.lowlevel", "block"},
    {"restricted.virtual-machines.nesting", "allow"},
};

bool off(std::string_view value) { return value.empty() || is_false(value); }

/// One key of a container's or profile's config that a restriction forbids to hold certain values.
struct ConfigRule {
  std::string_view key;
  std::string_view restriction;
  bool (*violates)(std::string_view allowed, std::string_view value);
  std::string_view message;
};
constexpr auto kIntercepts = [](std::string_view allowed, std::string_view value) { return allowed != "allow" && allowed != "full" && !off(value); };
constexpr std::string_view kNoInterception = "Container syscall interception is forbidden";
constexpr ConfigRule kConfigRules[] = {
    {"security.idmap.isolated", "restricted.containers.privilege",
     [](std::string_view allowed, std::string_view value) { return allowed == "isolated" && off(value); }, "Non-isolated containers are forbidden"},
    {"security.nesting", "restricted.containers.nesting",
     [](std::string_view allowed, std::string_view value) { return allowed == "block" && is_true(value); }, "Container nesting is forbidden"},
    {"security.privileged", "restricted.containers.privilege",
     [](std::string_view allowed, std::string_view value) { return allowed != "allow" && is_true(value); }, "Privileged containers are forbidden"},
    {"security.syscalls.intercept.bpf", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.bpf.devices", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.mknod", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.mount", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.mount.fuse", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.setxattr", "restricted.containers.interception", kIntercepts, kNoInterception},
    {"security.syscalls.intercept.sysinfo", "restricted.containers.interception", kIntercepts, kNoInterception},
};

const ConfigRule* config_rule(std::string_view key) {
  auto found = std::ranges::find(kConfigRules, key, &ConfigRule::key);
  return found == std::end(kConfigRules) ? nullptr : found;
}

/// Keys that reach below the abstraction: only where the lowlevel restriction is lifted. A trailing '*' means any rest.
struct LowLevelKey {
  std::string_view key;
  bool container, vm;
};
constexpr LowLevelKey kLowLevelKeys[] = {
    {"boot.host_shutdown_action", true, true},
    {"boot.host_shutdown_timeout", true, true},
    {"limits.memory.hugepages", false, true},
    {"limits.memory.oom_priority", true, true},
    {"limits.memory.swap", true, false},
    {"linux.kernel_modules", true, false},
    {"raw.apparmor", true, true},
    {"raw.idmap", true, true},
    {"raw.lxc", true, false},
    {"raw.qemu", false, true},
    {"raw.qemu.conf", false, true},
    {"raw.qemu.qmp.early", false, true},
    {"raw.qemu.qmp.post-start", false, true},
    {"raw.qemu.qmp.pre-start", false, true},
    {"raw.qemu.scriptlet", false, true},
    {"raw.seccomp", true, false},
    {"security.bpffs*", true, false},
    {"security.guestapi.images", true, false},
    {"security.idmap.base", true, false},
    {"security.idmap.size", true, false},
    {"security.selinux.domain", true, true},
    {"security.selinux.label_rootfs", true, true},
    {"security.selinux.level", true, true},
    {"security.selinux.type", true, true},
    {"security.syscalls.intercept*", true, false},  // those with a rule of their own are judged by that
};

bool low_level(std::string_view key, bool LowLevelKey::*side) {
  if (key.starts_with("security.syscalls.intercept") && config_rule(key)) return false;
  return std::ranges::any_of(kLowLevelKeys, [&](const LowLevelKey& row) {
    bool same = row.key.ends_with('*') ? key.starts_with(row.key.substr(0, row.key.size() - 1)) : key == row.key;
    return same && row.*side;
  });
}

/// A device of a type against its restriction's value; an error message, or nothing if it is fine.
using Verdict = std::optional<std::string>;
using DevicePredicate = Verdict (*)(const StringMap& project, std::string_view allowed, const StringMap& device);

Verdict judge_nic(const StringMap& project, std::string_view allowed, const StringMap& device) {
  std::string network = get_or(device, "network"), parent = get_or(device, "parent");
  if (allowed == "block") return "Network devices are forbidden";
  if (allowed == "managed" && network.empty()) return "Only managed network devices are allowed";
  bool fine = !network.empty() ? network_allowed(project, network, true) : parent.empty() || network_allowed(project, parent, false);
  return fine ? Verdict() : "Network not allowed in project";
}

Verdict judge_disk(const StringMap& project, std::string_view allowed, const StringMap& device) {
  std::string path = get_or(device, "path"), pool = get_or(device, "pool"), source = get_or(device, "source");
  bool root = path == "/" && !pool.empty();
  if (!root) {
    // The drives with cloud-init's and the agent's files are ours, not the host's.
    if (path.empty() && (source == "cloud-init:config" || source == "agent:config")) return {};
    if (allowed == "block") return "Disk devices are forbidden";
    if (allowed == "managed" && pool.empty()) return "Attaching disks not backed by a pool is forbidden";
    if (allowed == "allow" && pool.empty() && !disk_path_allowed(project, source)) return "Disk source path " + quote(source) + " not allowed";
  }
  if (!pool.empty() && !pool_allowed(project, pool)) return "Storage pool " + quote(pool) + " is not accessible from this project";
  return {};
}

struct DeviceRule {
  std::string_view type;
  std::string_view restriction;
  std::string_view what;      ///< "GPU devices": forbidden unless the restriction says allow
  DevicePredicate judge = nullptr;
};
constexpr DeviceRule kDeviceRules[] = {
    {"disk", "restricted.devices.disk", "", judge_disk},
    {"gpu", "restricted.devices.gpu", "GPU devices"},
    {"infiniband", "restricted.devices.infiniband", "Infiniband devices"},
    {"nic", "restricted.devices.nic", "", judge_nic},
    {"pci", "restricted.devices.pci", "PCI devices"},
    {"proxy", "restricted.devices.proxy", "Proxy devices"},
    {"unix-block", "restricted.devices.unix-block", "Unix block devices"},
    {"unix-char", "restricted.devices.unix-char", "Unix character devices"},
    {"unix-hotplug", "restricted.devices.unix-hotplug", "Unix hotplug devices"},
    {"usb", "restricted.devices.usb", "USB devices"},
};

struct Range {
  int64_t first, size;
};

/// "1000,2000-2999" as ranges of host ids.
Result<std::vector<Range>> parse_ranges(const StringMap& project, const std::string& key) {
  std::vector<Range> ranges;
  for (const std::string& item : split_list(restriction(project, key))) {
    StringList ends = split(item, '-', 2);
    auto first = parse_uint(ends.front()), last = parse_uint(ends.back());
    if (!first || !last || *last < *first || *last > UINT32_MAX) return fail(kViolation, "Failed parsing {}: Invalid range {}", quote(key), quote(item));
    ranges.push_back({static_cast<int64_t>(*first), static_cast<int64_t>(*last - *first + 1)});
  }
  return ranges;
}

bool covered(const sys::IdMapEntry& entry, const std::vector<Range>& ranges) {
  return std::ranges::any_of(ranges, [&](const Range& range) {
    return entry.hostid >= range.first && entry.hostid + entry.size <= range.first + range.size;
  });
}

Result<> check_raw_idmap(const Entities& entities, const Judged& judged, const std::string& value) {
  auto uids = TRY(parse_ranges(entities.config, "restricted.idmap.uid"));
  auto gids = TRY(parse_ranges(entities.config, "restricted.idmap.gid"));
  sys::IdMap map = TRY(sys::IdMap::from_raw(value));
  for (size_t i = 0; i < map.entries().size(); ++i) {
    const sys::IdMapEntry& entry = map.entries()[i];
    bool fine = (entry.is_uid || entry.is_gid) && (!entry.is_uid || covered(entry, uids)) && (!entry.is_gid || covered(entry, gids));
    if (!fine)
      return fail(kViolation, "Use of low-level \"raw.idmap\" element {} on {} {} of project {} is forbidden", i, judged.label(), quote(judged.name),
                  quote(entities.project));
  }
  return {};
}

/// Restrictions that need a key to be set, as what is forbidden is the default.
Result<> check_required(const Entities& entities, const Judged& judged) {
  if (judged.type == db::InstanceType::vm && restriction(entities.config, "restricted.virtual-machines.nesting") == "block" &&
      !is_false(get_or(judged.config, "security.nesting")))
    return fail(kViolation, "Virtual machine nesting is forbidden on {} {} of project {} (\"security.nesting\" must be set to \"false\")",
                judged.label(), quote(judged.name), quote(entities.project));
  if (judged.type == db::InstanceType::container && restriction(entities.config, "restricted.containers.privilege") == "isolated" &&
      off(get_or(judged.config, "security.idmap.isolated")))
    return fail(kViolation, "Non-isolated containers are forbidden on {} {} of project {} (\"security.idmap.isolated\" must be set to \"true\")",
                judged.label(), quote(judged.name), quote(entities.project));
  return {};
}

Result<> check_config(const Entities& entities, const Judged& judged) {
  TRY(check_required(entities, judged));
  bool guard_container = judged.maybe_container() && restriction(entities.config, "restricted.containers.lowlevel") != "allow";
  bool guard_vm = judged.maybe_vm() && restriction(entities.config, "restricted.virtual-machines.lowlevel") != "allow";
  for (const auto& [key, value] : judged.config) {
    if (key == "raw.idmap" && (guard_container || guard_vm)) {
      TRY(check_raw_idmap(entities, judged, value));
      continue;
    }
    if ((guard_container && low_level(key, &LowLevelKey::container)) || (guard_vm && low_level(key, &LowLevelKey::vm)))
      return fail(kViolation, "Use of low-level config {} on {} {} of project {} is forbidden", quote(key), judged.label(), quote(judged.name),
                  quote(entities.project));
    const ConfigRule* rule = judged.maybe_container() ? config_rule(key) : nullptr;
    if (rule && rule->violates(restriction(entities.config, std::string(rule->restriction)), value))
      return fail(kViolation, "Invalid value {} for config {} on {} {} of project {}: {}", quote(value), quote(key), judged.label(),
                  quote(judged.name), quote(entities.project), rule->message);
  }
  return {};
}

Result<> check_devices(const Entities& entities, const Judged& judged) {
  for (const auto& [name, device] : judged.devices) {
    auto rule = std::ranges::find(kDeviceRules, get_or(device, "type"), &DeviceRule::type);
    if (rule == std::end(kDeviceRules)) continue;
    std::string allowed = restriction(entities.config, std::string(rule->restriction));
    Verdict verdict = rule->judge ? rule->judge(entities.config, allowed, device)
                                  : allowed == "allow" ? Verdict() : std::string(rule->what) + " are forbidden";
    if (verdict)
      return fail(kViolation, "Invalid device {} on {} {} of project {}: {}", quote(name), judged.label(), quote(judged.name),
                  quote(entities.project), *verdict);
  }
  return {};
}

}  // namespace

bool is_restricted(const StringMap& config) { return is_true(get_or(config, "restricted")); }

std::string restriction(const StringMap& config, const std::string& key) {
  if (auto set = config.find(key); set != config.end()) return set->second;
  auto row = std::ranges::find(kRestrictions, key, &Restriction::key);
  return row == std::end(kRestrictions) ? "" : std::string(row->def);
}

bool pool_allowed(const StringMap& config, const std::string& pool) {
  if (get_or(config, "limits.disk.pool." + pool) == "0") return false;
  if (!is_restricted(config)) return true;
  std::string access = get_or(config, "restricted.storage-pools.access");
  return access.empty() || contains(split_list(access), pool);
}

bool network_allowed(const StringMap& config, const std::string& network, bool managed) {
  if (!is_restricted(config)) return true;
  std::string nics = get_or(config, "restricted.devices.nic");
  if (nics == "block") return false;
  if ((nics.empty() || nics == "managed") && !managed) return false;
  if (managed && is_true(get_or(config, "features.networks"))) return true;
  std::string access = get_or(config, "restricted.networks.access");
  return access.empty() || contains(split_list(access), network);
}

std::optional<std::string> disk_path_allowed(const StringMap& config, const std::string& source) {
  std::string paths = get_or(config, "restricted.devices.disk.paths");
  if (paths.empty()) return "";
  // Compared with a slash at the end, so that /srv/a doesn't cover /srv/ab.
  auto folder = [](const std::string& path) {
    std::string clean = std::filesystem::path(path).lexically_normal().string();
    return clean.ends_with('/') ? clean : clean + "/";
  };
  for (const std::string& parent : split_list(paths)) {
    if (folder(source).starts_with(folder(parent))) return parent;
  }
  return std::nullopt;
}

Result<> check_restrictions(const Entities& entities) {
  auto check = [&](const Judged& judged) -> Result<> {
    TRY(check_config(entities, judged));
    return check_devices(entities, judged);
  };
  for (const Member& member : entities.instances) TRY(check({member.type, member.name, member.config, member.devices}));
  for (const auto& profile : entities.profiles) TRY(check({{}, profile.name, profile.config, profile.devices}));
  return {};
}

}  // namespace core::gate
