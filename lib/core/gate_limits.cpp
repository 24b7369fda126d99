// limits.*: counting instances and summing up what members and volumes may use.
#include "base/units.h"
#include "core/gate_entities.h"
#include "core/state_size.h"

namespace core::gate {

namespace {

constexpr std::string_view kPoolPrefix = "limits.disk.pool.";

bool is_disk(const std::string& key) { return key == "limits.disk" || key.starts_with(kPoolPrefix); }
std::string pool_of(const std::string& key) { return key.starts_with(kPoolPrefix) ? key.substr(kPoolPrefix.size()) : ""; }

std::string print_limit(const std::string& key, int64_t value) {
  return is_disk(key) || key == "limits.memory" ? format_byte_size(value, 1) : std::to_string(value);
}

Result<int64_t> parse_size(std::string_view value) {
  if (auto bytes = parse_byte_size(value)) return *bytes;
  return fail(kViolation, "Invalid value: {}", value);
}

Result<const StringMap*> root_device(const Member& member, const std::string& project) {
  const StringMap* root = nullptr;
  std::string problem;
  for (const auto& [name, device] : member.devices) {
    bool is_root = get_or(device, "type") == "disk" && get_or(device, "path") == "/" && !get_or(device, "pool").empty() && get_or(device, "source").empty();
    if (!is_root) continue;
    if (root) problem = "More than one root device found";
    root = &device;
  }
  if (!root) problem = "No root device could be found";
  if (problem.empty()) return root;
  return fail(kViolation, "Failed getting root disk device for instance {} in project {}: {}", quote(member.name), quote(project), problem);
}

/// A member's share of a disk limit: its root device; nothing where the pool is another one or no size is set and that is fine.
Result<int64_t> disk_share(const Entities& entities, const Member& member, const std::string& key, bool skip_unset) {
  const StringMap& root = *TRY(root_device(member, entities.project));
  if (std::string pool = pool_of(key); !pool.empty() && get_or(root, "pool") != pool) return 0;
  std::string size = get_or(root, "size");
  if (size.empty()) {
    if (skip_unset) return 0;
    return fail(kViolation, "Instance {} in project {} has no \"size\" config set on the root device either directly or via a profile",
                quote(member.name), quote(entities.project));
  }
  Result<int64_t> bytes = parse_size(size);
  if (bytes && member.type == db::InstanceType::vm) {
    Result<int64_t> state = parse_size(get_or(root, "size.state", kDefaultStateSize));
    bytes = state ? Result<int64_t>(*bytes + *state) : state;
  }
  if (!bytes && skip_unset) return 0;
  if (!bytes) return fail(kViolation, "Failed parsing {} for instance {} in project {}", quote(key), quote(member.name), quote(entities.project));
  return bytes;
}

Result<int64_t> member_share(const Entities& entities, const Member& member, const std::string& key, bool skip_unset) {
  if (is_disk(key)) return disk_share(entities, member, key, skip_unset);
  if (key == "limits.processes" && member.type == db::InstanceType::vm) return 0;
  std::string value = get_or(member.config, key);
  if (value.empty()) {
    if (skip_unset) return 0;
    return fail(kViolation, "Instance {} in project {} has no {} config, either directly or via a profile", quote(member.name),
                quote(entities.project), quote(key));
  }
  Result<int64_t> share = parse_limit(key, value);
  if (!share && skip_unset) return 0;
  if (!share) return fail(kViolation, "Failed parsing {} for instance {} in project {}", quote(key), quote(member.name), quote(entities.project));
  return share;
}

Result<int64_t> volume_share(const Entities& entities, const VolumeEntry& volume, const std::string& key, bool skip_unset) {
  if (std::string pool = pool_of(key); !pool.empty() && volume.pool != pool) return 0;
  if (!volume.config.contains("size")) {
    if (skip_unset) return 0;
    return fail(kViolation, "Custom volume {} in project {} has no \"size\" config set", quote(volume.name), quote(entities.project));
  }
  return TRY_CTX(parse_size(volume.config.at("size")), "Parse \"size\" for custom volume {} in project {}", quote(volume.name), quote(entities.project));
}

}  // namespace

bool is_sum_limit(const std::string& key) {
  return is_disk(key) || key == "limits.cpu" || key == "limits.memory" || key == "limits.processes";
}

Result<int64_t> parse_limit(const std::string& key, const std::string& value) {
  if (is_disk(key)) return parse_size(value);
  if (key == "limits.memory") {
    if (value.ends_with('%')) return fail(kViolation, "Value can't be a percentage");
    return parse_size(value);
  }
  if (key == "limits.cpu" && value.find_first_of(",-") != std::string::npos) return fail(kViolation, "CPUs can't be pinned if project limits are used");
  if (auto number = parse_int(value)) return *number;
  return fail(kViolation, "Invalid value for an integer {}", quote(value));
}

Result<int64_t> sum_of(const Entities& entities, const std::string& key, bool skip_unset) {
  int64_t total = 0;
  if (is_disk(key)) {
    for (const VolumeEntry& volume : entities.volumes) total += TRY(volume_share(entities, volume, key, skip_unset));
  }
  for (const Member& member : entities.instances) total += TRY(member_share(entities, member, key, skip_unset));
  return total;
}

int64_t count_of(const Entities& entities, std::optional<db::InstanceType> type) {
  return std::ranges::count_if(entities.instances, [&](const Member& member) { return !type || member.type == *type; });
}

Result<> check_instance_count(const Entities& entities, db::InstanceType type) {
  std::string key = type == db::InstanceType::vm ? "limits.virtual-machines" : "limits.containers";
  if (std::string value = get_or(entities.config, key); !value.empty() && count_of(entities, type) >= parse_int(value).value_or(0))
    return fail(kViolation, "Reached maximum number of instances of type {} in project {}", quote(db::name_of(type)), quote(entities.project));
  if (std::string value = get_or(entities.config, "limits.instances"); !value.empty() && count_of(entities, {}) >= parse_int(value).value_or(0))
    return fail(kViolation, "Reached maximum number of instances in project {}", quote(entities.project));
  return {};
}

Result<> check_sums(const Entities& entities) {
  for (const auto& [key, value] : entities.config) {
    if (!is_sum_limit(key) || value.empty()) continue;
    int64_t total = TRY_CTX(sum_of(entities, key, false), "Failed getting usage of project entities");
    if (total > TRY(parse_limit(key, value)))
      return fail(kViolation, "Reached maximum aggregate value {} for {} in project {}", quote(value), quote(key), quote(entities.project));
  }
  return {};
}

Result<> check_new_limit(const Entities& entities, const std::string& key, const std::string& value) {
  if (value.empty()) return {};
  if (is_sum_limit(key)) {
    int64_t total = TRY(sum_of(entities, key, false));
    int64_t limit = TRY_CTX(parse_limit(key, value), "Invalid value {} for limit {}", quote(value), quote(key));
    if (limit < total) return fail(kViolation, "{} is too low: current total is {}", quote(key), quote(print_limit(key, total)));
    return {};
  }
  int64_t limit = parse_int(value).value_or(0);
  if (key == "limits.instances" && limit < count_of(entities, {}))
    return fail(kViolation, "Can't change limits.instances in project {0}: \"limits.instances\" is too low: there currently are {1} total instances in project {0}",
                quote(entities.project), count_of(entities, {}));
  if (key != "limits.containers" && key != "limits.virtual-machines") return {};
  auto type = key == "limits.containers" ? db::InstanceType::container : db::InstanceType::vm;
  if (limit < count_of(entities, type))
    return fail(kViolation, "Can't change {0} in project {1}: {0} is too low: there currently are {2} instances of type {3} in project {4}", quote(key),
                quote(entities.project), count_of(entities, type), db::name_of(type), quote(entities.project));
  return {};
}

}  // namespace core::gate
