// The gate's questions: each builds the project as it would be and judges it whole.
#include "core/gate.h"

#include <set>

#include "core/gate_entities.h"
#include "db/networks.h"
#include "db/pools.h"
#include "db/projects.h"

namespace core::gate {

namespace {

/// Pools named by devices and volumes must be open to the project.
Result<> check_pools(const Entities& entities) {
  if (!is_restricted(entities.config) || get_or(entities.config, "restricted.storage-pools.access").empty()) return {};
  std::set<std::string> pools;
  auto collect = [&](const api::DevicesMap& devices) {
    for (const auto& [name, device] : devices) {
      if (get_or(device, "type") == "disk" && !get_or(device, "pool").empty()) pools.insert(device.at("pool"));
    }
  };
  for (const auto& profile : entities.profiles) collect(profile.devices);
  for (const Member& member : entities.instances) collect(member.devices);
  for (const VolumeEntry& volume : entities.volumes) pools.insert(volume.pool);
  for (const std::string& pool : pools) {
    if (!pool_allowed(entities.config, pool)) return fail(kViolation, "Storage pool {} is not accessible from this project", quote(pool));
  }
  return {};
}

Result<> check_all(Entities& entities) {
  TRY(check_pools(entities));
  expand_members(entities);
  TRY(check_sums(entities));
  return is_restricted(entities.config) ? check_restrictions(entities) : Result<>{};
}

/// volatile.* keys that users may set themselves: they carry no power over the host.
bool harmless_volatile(std::string_view key) {
  constexpr std::string_view kNames[] = {"volatile.apply_template", "volatile.base_image", "volatile.last_state.power", "volatile.selinux.context"};
  return std::ranges::contains(kNames, key) || key.ends_with(".apply_quota") || key.ends_with(".hwaddr");
}

bool volatile_is_free(const StringMap& project, db::InstanceType type) {
  return !is_restricted(project) ||
         restriction(project, type == db::InstanceType::vm ? "restricted.virtual-machines.lowlevel" : "restricted.containers.lowlevel") == "allow";
}

/// Keys of `change` (an InstanceChange or InstanceRequest) that differ from the stored ones.
Result<> check_volatile(const StringMap& project, const auto& change, const StringMap& current) {
  if (volatile_is_free(project, change.type)) return {};
  for (const auto& [key, value] : change.config) {
    if (!key.starts_with("volatile.") || harmless_volatile(key)) continue;
    auto stored = current.find(key);
    if (stored != current.end() && stored->second == value) continue;
    return fail(kViolation, "{} {} on {} {} in project {} is forbidden", stored == current.end() ? "Setting" : "Changing", quote(key),
                db::name_of(change.type), quote(change.name), quote(change.project));
  }
  return {};
}

std::string url_host(const std::string& url) {
  size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  std::string rest = url.substr(scheme + 3);
  std::string authority = rest.substr(0, rest.find_first_of("/?#"));
  size_t user = authority.rfind('@');
  return user == std::string::npos ? authority : authority.substr(user + 1);
}

Result<> check_server(const StringMap& project, const std::string& url) {
  std::string servers = get_or(project, "restricted.images.servers");
  if (!is_restricted(project) || servers.empty()) return {};
  if (!contains(split_list(servers), url_host(url))) return fail(kViolation, "Image server {} isn't allowed in this project", quote(url_host(url)));
  return {};
}

template <class T>
T* find_named(std::vector<T>& list, const std::string& name) {
  auto found = std::ranges::find(list, name, &T::name);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

Result<> check_instance(db::Tx& tx, const InstanceChange& change) {
  auto loaded = TRY(load_if_gated(tx, change.project));
  if (!loaded) return {};
  Entities& entities = *loaded;
  std::erase_if(entities.instances, [&](const Member& member) { return member.name == change.replaces || member.name == change.name; });
  if (change.is_new) TRY(check_instance_count(entities, change.type));
  else TRY(check_volatile(entities.config, change, change.current_config));
  entities.instances.push_back({change.name, change.type, change.config, change.devices, change.profiles});
  Result<> fine = check_all(entities);
  if (!fine) return std::unexpected(fine.error().wrap(change.is_new ? "Failed checking if instance creation allowed" : "Failed checking if instance update allowed"));
  return {};
}

Result<> check_request(db::Tx& tx, const InstanceRequest& request) {
  StringMap project = TRY(db::projects::load(tx, request.project)).config;
  if (!is_restricted(project)) return {};
  if (request.source_type == "migration" && request.source_mode == "pull")
    return fail(kViolation, "Restricted projects aren't allowed to use pull mode migration");
  if (request.source_type == "image") TRY(check_server(project, request.source_server));
  // What copies bring along is dropped instead: strip_forbidden_volatile().
  if (request.source_type == "copy" || request.source_type == "migration") return {};
  return check_volatile(project, request, {});
}

Result<StringMap> strip_forbidden_volatile(db::Tx& tx, const std::string& project, db::InstanceType type, StringMap config) {
  if (volatile_is_free(TRY(db::projects::load(tx, project)).config, type)) return config;
  std::erase_if(config, [](const auto& entry) { return entry.first.starts_with("volatile.") && !harmless_volatile(entry.first); });
  return config;
}

Result<> check_volume(db::Tx& tx, const VolumeChange& change) {
  auto loaded = TRY(load_if_gated(tx, change.project));
  if (!loaded) return {};
  Entities& entities = *loaded;
  if (is_restricted(entities.config)) {
    if (change.is_new && change.source_type == "migration" && change.source_mode == "pull")
      return fail(kViolation, "Restricted projects aren't allowed to use pull mode migration");
    // Handed to mkfs, which runs as root: only the administrator's own choice for the pool may pass.
    std::string options = get_or(change.config, "block.create_options");
    if (!options.empty() && options != get_or(TRY(db::pools::load(tx, change.pool)).config, "volume.block.create_options"))
      return fail(kViolation, "Storage volume option \"block.create_options\" cannot be set in a restricted project");
  }
  auto stored = std::ranges::find_if(entities.volumes, [&](const VolumeEntry& volume) { return volume.name == change.name && volume.pool == change.pool; });
  if (change.is_new || stored == entities.volumes.end()) entities.volumes.push_back({change.name, change.pool, change.config});
  else stored->config = change.config;
  Result<> fine = check_all(entities);
  if (!fine) return std::unexpected(fine.error().wrap(change.is_new ? "Failed checking if volume creation allowed" : "Failed checking if volume update allowed"));
  return {};
}

Result<> check_profile(db::Tx& tx, const std::string& project, const std::string& name, const api::ProfilePut& put) {
  auto loaded = TRY(load_if_gated(tx, project));
  if (!loaded) return {};
  db::profiles::Row* profile = find_named(loaded->profiles, name);
  if (!profile) {
    profile = &loaded->profiles.emplace_back();
    profile->name = name;
  }
  profile->config = put.config;
  profile->devices = put.devices;
  TRY_CTX(check_all(*loaded), "Failed checking if profile update allowed");
  return {};
}

Result<> check_project_update(db::Tx& tx, const std::string& project, const StringMap& config, const StringList& changed) {
  bool matters = std::ranges::any_of(changed, [](const std::string& key) { return key.starts_with("restricted.") || key.starts_with("limits."); });
  if (!matters) return {};
  Entities entities = TRY(load_entities(tx, project));
  expand_members(entities);
  entities.config = config;
  for (const std::string& key : changed) {
    if (key.starts_with("restricted.")) TRY_CTX(check_restrictions(entities), "Conflict detected when changing {} in project {}", quote(key), quote(project));
    if (key.starts_with("limits.")) TRY(check_new_limit(entities, key, get_or(config, key)));
  }
  return {};
}

Result<> check_backup(db::Tx& tx, const std::string& project) {
  StringMap config = TRY(db::projects::load(tx, project)).config;
  if (is_restricted(config) && restriction(config, "restricted.backups") == "block")
    return fail(kViolation, "Project {} doesn't allow for backup creation", quote(project));
  return {};
}

Result<> check_snapshot(db::Tx& tx, const std::string& project) {
  StringMap config = TRY(db::projects::load(tx, project)).config;
  if (is_restricted(config) && restriction(config, "restricted.snapshots") == "block")
    return fail(kViolation, "Project {} doesn't allow for snapshot creation", quote(project));
  return {};
}

Result<> check_network_count(db::Tx& tx, const std::string& project) {
  std::string limit = get_or(TRY(db::projects::load(tx, project)).config, "limits.networks");
  if (project == "default" || limit.empty()) return {};
  if (static_cast<int64_t>(TRY(db::networks::load_all(tx, project)).size()) >= parse_int(limit).value_or(0))
    return fail(Code::invalid, "Networks limit has been reached for project");
  return {};
}

Result<> check_image_server(db::Tx& tx, const std::string& project, const std::string& url) {
  return check_server(TRY(db::projects::load(tx, project)).config, url);
}

Result<std::optional<int64_t>> space_budget(db::Tx& tx, const std::string& project) {
  auto loaded = TRY(load_if_gated(tx, project));
  std::string limit = loaded ? get_or(loaded->config, "limits.disk") : "";
  if (limit.empty()) return std::nullopt;
  expand_members(*loaded);
  int64_t used = TRY(sum_of(*loaded, "limits.disk", false));
  return std::max<int64_t>(0, TRY(parse_limit("limits.disk", limit)) - used);
}

Result<std::optional<int64_t>> image_space_budget(db::Tx& tx, const std::string& project) {
  if (is_false(get_or(TRY(db::projects::load(tx, project)).config, "features.images"))) return std::nullopt;
  return space_budget(tx, project);
}

}  // namespace core::gate
