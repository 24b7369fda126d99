#include "core/project_keys.h"

#include <algorithm>
#include <array>

#include "api/name.h"
#include "config/net_checks.h"
#include "core/server_key_checks.h"

namespace core {
namespace {

using config::Key;
using config::Type;

Result<> allow_or_block(std::string_view value) { return config::one_of(value, {"allow", "block"}); }
Result<> allow_block_or_managed(std::string_view value) { return config::one_of(value, {"allow", "block", "managed"}); }
Result<> interception(std::string_view value) { return config::one_of(value, {"allow", "block", "full"}); }
Result<> privilege(std::string_view value) { return config::one_of(value, {"allow", "unprivileged", "isolated"}); }

Result<> count(std::string_view value) {
  auto number = parse_uint(value);
  if (!number || *number > UINT32_MAX) return fail(Code::invalid, "Invalid value for uint32 {}", quote(value));
  return {};
}

Result<> absolute_paths(std::string_view value) {
  for (const std::string& path : split_list(value)) {
    if (!path.starts_with('/')) return fail(Code::invalid, "Must be an absolute file path");
  }
  return {};
}

/// "5" or "5-10", below 2^32.
Result<> id_ranges(std::string_view value) {
  for (const std::string& range : split_list(value)) {
    StringList ends = split(range, '-', 2);
    for (const std::string& end : ends) TRY(count(end));
    if (ends.size() == 2 && *parse_uint(ends[0]) > *parse_uint(ends[1])) return fail(Code::invalid, "Invalid range {}: its start is above its end", quote(range));
  }
  return {};
}

/// "UPLINK:SUBNET" pairs.
Result<> uplink_subnets(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    StringList parts = split(item, ':', 2);
    if (parts.size() != 2) return fail(Code::invalid, "Not in the format \"<uplink name>:<subnet>\": {}", quote(item));
    TRY(config::is_network(parts[1]));
  }
  return {};
}

constexpr Key key(std::string_view name, std::string_view group, Type type, std::string_view def, std::string_view summary,
                  config::Check check = nullptr) {
  return {.name = name, .group = group, .type = type, .def = def, .summary = summary, .check = check};
}
constexpr Key restriction(std::string_view name, std::string_view def, std::string_view summary, config::Check check = nullptr) {
  return key(name, "restricted", Type::string, def, summary, check);
}

constexpr auto kKeys = std::to_array<Key>({
    key("backups.compression_algorithm", "specific", Type::string, "", "Compressor of the project's backups", server_check::compression),
    key("features.images", "features", Type::boolean, "false", "The project has images and aliases of its own"),
    key("features.networks", "features", Type::boolean, "false", "The project has networks of its own"),
    key("features.networks.zones", "features", Type::boolean, "false", "The project has network zones of its own"),
    key("features.profiles", "features", Type::boolean, "false", "The project has profiles of its own"),
    key("features.storage.buckets", "features", Type::boolean, "false", "The project has storage buckets of its own"),
    key("features.storage.volumes", "features", Type::boolean, "false", "The project has storage volumes of its own"),
    key("images.auto_update_cached", "specific", Type::boolean, "", "Images fetched on demand are kept up to date"),
    key("images.auto_update_interval", "specific", Type::integer, "", "Hours between looks for newer images; 0: never"),
    key("images.compression_algorithm", "specific", Type::string, "", "Compressor of the project's new images", server_check::compression),
    key("images.default_architecture", "specific", Type::string, "", "Architecture meant where none is named", server_check::architecture),
    key("images.remote_cache_expiry", "specific", Type::integer, "", "Days without use after which a fetched image goes"),
    key("limits.containers", "limits", Type::integer, "", "Containers there may be at most", count),
    key("limits.cpu", "limits", Type::integer, "", "Sum of the instances' limits.cpu", count),
    key("limits.disk", "limits", Type::size, "", "Sum of the sizes of volumes and images"),
    key("limits.disk.pool.<pool>", "limits", Type::size, "", "Sum of the sizes of volumes in one pool; 0 forbids the pool"),
    key("limits.instances", "limits", Type::integer, "", "Instances there may be at most", count),
    key("limits.memory", "limits", Type::size, "", "Sum of the instances' limits.memory"),
    key("limits.networks", "limits", Type::integer, "", "Networks there may be at most", count),
    key("limits.processes", "limits", Type::integer, "", "Sum of the instances' limits.processes", count),
    key("limits.virtual-machines", "limits", Type::integer, "", "Virtual machines there may be at most", count),
    key("network.hwaddr_pattern", "specific", Type::string, "", "Pattern of generated MAC addresses", server_check::mac_pattern),
    key("restricted", "restricted", Type::boolean, "false", "What is not allowed by a restricted.* key is refused"),
    restriction("restricted.backups", "block", "Backups", allow_or_block),
    restriction("restricted.cluster.groups", "", "Cluster groups that may be targeted"),
    restriction("restricted.cluster.target", "block", "Naming a cluster member for new objects", allow_or_block),
    restriction("restricted.containers.interception", "block", "Interception of system calls", interception),
    restriction("restricted.containers.lowlevel", "block", "Low-level options of containers", allow_or_block),
    restriction("restricted.containers.nesting", "block", "Containers in containers", allow_or_block),
    restriction("restricted.containers.privilege", "unprivileged", "How privileged containers may be", privilege),
    restriction("restricted.devices.disk", "managed", "Disk devices", allow_block_or_managed),
    restriction("restricted.devices.disk.paths", "", "Host paths that disk devices may use", absolute_paths),
    restriction("restricted.devices.gpu", "block", "GPU devices", allow_or_block),
    restriction("restricted.devices.infiniband", "block", "InfiniBand devices", allow_or_block),
    restriction("restricted.devices.nic", "managed", "Network devices", allow_block_or_managed),
    restriction("restricted.devices.pci", "block", "PCI devices", allow_or_block),
    restriction("restricted.devices.proxy", "block", "Proxy devices", allow_or_block),
    restriction("restricted.devices.unix-block", "block", "Block devices of the host", allow_or_block),
    restriction("restricted.devices.unix-char", "block", "Character devices of the host", allow_or_block),
    restriction("restricted.devices.unix-hotplug", "block", "Devices of the host that come and go", allow_or_block),
    restriction("restricted.devices.usb", "block", "USB devices", allow_or_block),
    restriction("restricted.idmap.gid", "", "Host group ids that raw.idmap may use", id_ranges),
    restriction("restricted.idmap.uid", "", "Host user ids that raw.idmap may use", id_ranges),
    restriction("restricted.images.servers", "", "Image servers that may be used"),
    restriction("restricted.networks.access", "", "Networks that may be used"),
    restriction("restricted.networks.integrations", "", "Network integrations that may be used"),
    restriction("restricted.networks.subnets", "block", "Uplink subnets that may be used", uplink_subnets),
    restriction("restricted.networks.uplinks", "block", "Networks that may be uplinks"),
    restriction("restricted.networks.zones", "block", "Network zones that may be used"),
    restriction("restricted.snapshots", "block", "Snapshots", allow_or_block),
    restriction("restricted.storage-pools.access", "", "Storage pools that may be used"),
    restriction("restricted.virtual-machines.lowlevel", "block", "Low-level options of virtual machines", allow_or_block),
    restriction("restricted.virtual-machines.nesting", "block", "Virtual machines in virtual machines", allow_or_block),
    key("user.*", "specific", Type::string, "", "Free text for tools and people"),
});

constexpr ProjectFeature kFeatures[] = {
    {"features.images", true, false},          {"features.networks", false, false},        {"features.networks.zones", false, true},
    {"features.profiles", true, false},        {"features.storage.buckets", true, false},   {"features.storage.volumes", true, false},
};

}  // namespace

config::Keys project_keys() { return kKeys; }
std::span<const ProjectFeature> project_features() { return kFeatures; }

Result<> validate_project_config(const StringMap& config, const StringList& pools) {
  constexpr std::string_view kPoolLimit = "limits.disk.pool.";
  for (const auto& [name, value] : config) {
    if (name.starts_with("user.")) continue;
    const Key* row = config::find(kKeys, name);
    bool unknown_pool = name.starts_with(kPoolLimit) && !contains(pools, name.substr(kPoolLimit.size()));
    if (!row || unknown_pool) return fail(Code::invalid, "Invalid project configuration key {}", quote(name));
    TRY_CTX(config::validate(*row, value), "Invalid project configuration key {} value", quote(name));
  }
  if (is_true(get_or(config, "restricted")) && is_false(get_or(config, "features.profiles"))) {
    return fail(Code::invalid, "Projects without their own profiles cannot be restricted");
  }
  return {};
}

Result<> validate_project_name(const std::string& name) {
  TRY_CTX(api::validate_name(name), "Invalid project name");
  if (name.find('_') != name.npos) return fail(Code::invalid, "Project names may not contain underscores");
  return {};
}

}  // namespace core
