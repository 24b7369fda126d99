#include "instance/import.h"
#include "instance/unfinished.h"

#include <algorithm>
#include <functional>

#include "api/architecture.h"
#include "api/types/storage_pool.h"
#include "api/types/storage_pool_volume.h"
#include "base/reverter.h"
#include "config/api_name.h"
#include "core/project_cache.h"
#include "db/profiles.h"
#include "instance/backup_file.h"
#include "instance/create.h"
#include "instance/dependent.h"
#include "instance/power.h"
#include "instance/volume.h"
#include "storage/pool.h"

namespace instance {
namespace {

Json member(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : Json();
}

/// Name and values of the device at "/".
std::optional<std::pair<std::string, StringMap>> root_of(const api::DevicesMap& devices) {
  for (const auto& [name, device] : devices) {
    if (get_or(device, "type") == "disk" && get_or(device, "path") == "/" && !get_or(device, "pool").empty()) return std::pair(name, device);
  }
  return std::nullopt;
}

bool same_but_pool(StringMap a, StringMap b) {
  a.erase("pool");
  b.erase("pool");
  return a == b;
}

/// The root disk must be on the pool the backup goes to: the profiles' if it fits, else one of the instance's own.
Result<> place_root(Manager& manager, const std::string& project, const std::string& pool, const StringList& profile_names, const api::DevicesMap& expanded,
                    api::DevicesMap& devices) {
  if (auto own = root_of(devices)) {
    devices[own->first]["pool"] = pool;
    return {};
  }
  std::string profile_project = TRY(manager.services().projects.effective(project, "profile"));
  std::vector<db::profiles::Row> profiles;
  TRY(manager.services().global.read([&](db::Tx& tx) -> Result<> {
    profiles.clear();
    for (const std::string& name : profile_names) {
      auto row = db::profiles::load(tx, profile_project, name);
      if (!row) return Failure(std::move(row).error().wrap(std::format("Failed loading profiles ({}) for instance", join(profile_names, ", "))));
      profiles.push_back(std::move(*row));
    }
    return {};
  }));
  std::vector<const db::profiles::Row*> pointers;
  for (const auto& row : profiles) pointers.push_back(&row);
  auto inherited = root_of(expand(pointers, {}, devices).devices), recorded = root_of(expanded);
  if (inherited && get_or(inherited->second, "pool") == pool && (!recorded || same_but_pool(inherited->second, recorded->second))) return {};
  StringMap root{{"type", "disk"}, {"path", "/"}, {"pool", pool}};
  if (recorded) root.insert(recorded->second.begin(), recorded->second.end());
  std::string name = "root";
  for (int i = 0; devices.contains(name) && i < 100; ++i) name = std::format("root{}", i);
  devices[name] = std::move(root);
  return {};
}

Result<db::instances::Row> row_of_backup(Manager& manager, const ImportSpec& spec, const api::Instance& saved) {
  db::instances::Row row;
  row.project = spec.project;
  row.name = spec.name;
  auto type = db::instance_type(saved.type);
  if (!type) return fail(Code::invalid, "Invalid instance type {}", quote(saved.type));
  row.type = *type;
  row.architecture = TRY(api::architecture_id(saved.architecture));
  row.ephemeral = saved.ephemeral;
  row.stateful = saved.stateful;
  row.created_at = saved.created_at;
  row.last_used_at = saved.last_used_at;
  row.description = saved.description;
  row.config = saved.config;
  row.devices = saved.devices;
  row.profiles = saved.profiles;
  TRY(place_root(manager, spec.project, spec.pool, row.profiles, saved.expanded_devices, row.devices));
  for (const auto& [name, device] : spec.devices) {
    for (const auto& [key, value] : device) row.devices[name][key] = value;
  }
  for (const auto& [key, value] : spec.config) row.config[key] = value;
  return row;
}

StringMap volume_config(const Json& volume) {
  StringMap config;
  if (Json map = member(volume, "config"); map.is_object()) {
    for (const auto& [key, value] : map.items()) {
      if (value.is_string() && key != "size") config[key] = value.get<std::string>();
    }
  }
  return config;
}

/// The volume config of one snapshot as the backup recorded it.
StringMap snapshot_config(const Json& config, const std::string& name) {
  Json list = member(config, "volume_snapshots");
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (member(item, "name") == name) return volume_config(item);
  }
  return {};
}

Result<> add_snapshot(Manager& manager, const InstancePtr& instance, const ImportSpec& spec, const api::InstanceSnapshot& saved) {
  db::snapshots::Row row;
  row.instance_id = instance->id();
  row.name = saved.name;
  row.created_at = saved.created_at;
  row.expires_at = saved.expires_at;
  row.stateful = saved.stateful;
  row.config = saved.config;
  row.devices = saved.devices;
  TRY(place_root(manager, spec.project, spec.pool, saved.profiles, saved.expanded_devices, row.devices));
  return manager.services().global.write([&](db::Tx& tx) { return db::snapshots::create(tx, row); }).transform([](int64_t) {});
}

/// Volumes without content, and where each tree of the archive goes.
Result<std::map<std::string, std::string>> make_volumes(const Job& job, storage::Pool& pool, const InstancePtr& instance, const ImportSpec& spec,
                                                        const std::vector<api::InstanceSnapshot>& snapshots) {
  storage::VolumeRef ref = volume_of(*instance->view());
  TRY(pool.create_empty(job.ctx, ref, volume_config(member(spec.index.config, "volume")), ""));
  std::map<std::string, std::string> folders{{storage::backup_prefix(ref.type, ""), pool.path(ref)}};
  for (const auto& snapshot : snapshots) {
    storage::VolumeRef item = ref;
    item.name += "/" + snapshot.name;
    TRY(pool.create_snapshot_filled(job.ctx, item, snapshot_config(spec.index.config, snapshot.name), "", snapshot.created_at, snapshot.expires_at, [](const Context&, const std::string&) { return Result<>(); }));
    folders[storage::backup_prefix(ref.type, snapshot.name)] = pool.path(item);
  }
  return folders;
}

Result<std::vector<api::InstanceSnapshot>> saved_snapshots(const storage::BackupIndex& index) {
  std::vector<api::InstanceSnapshot> out;
  Json list = member(index.config, "snapshots");
  for (const Json& item : list.is_array() ? list : Json::array()) {
    auto snapshot = TRY_CTX(api::from_json<api::InstanceSnapshot>(item), "Bad snapshot in the backup");
    TRY(check_snapshot_name(snapshot.name));
    if (contains(index.snapshots, snapshot.name)) out.push_back(std::move(snapshot));
  }
  return out;
}

StringList names_of(const Json& list) {
  StringList out;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (Json name = member(item, "name"); name.is_string()) out.push_back(name.get<std::string>());
  }
  return out;
}

/// Brings back the volumes of the instance's own disks, in the pools they came from; `undo` removes them again.
Result<> restore_dependents(const Job& job, Manager& manager, const ImportSpec& spec, const api::Instance& saved, Reverter& undo) {
  Json list = member(spec.index.config, "dependent_volumes");
  if (!list.is_array()) return {};
  auto disks = TRY(dependents_of(manager.services(), spec.project, saved.expanded_devices));
  for (const Json& item : list) {
    auto volume = TRY_CTX(api::from_json<api::StorageVolume>(member(item, "volume")), "Bad dependent volume definition found in index");
    auto pool_info = TRY_CTX(api::from_json<api::StoragePool>(member(item, "pool")), "Bad dependent volume definition found in index");
    auto disk = std::ranges::find_if(disks, [&](const Dependent& one) { return one.pool == pool_info.name && one.volume.name == volume.name; });
    if (disk == disks.end()) return fail(Code::invalid, "Requested volume {} on pool {} is not attached to the instance", volume.name, pool_info.name);
    TRY_CTX(config::is_api_name(volume.name), "Invalid volume name");
    StringList snapshots = names_of(member(item, "volume_snapshots"));
    for (const std::string& name : snapshots) TRY(check_snapshot_name(name));
    auto pool = TRY(manager.services().pools.load(disk->pool));
    storage::VolumeRef ref = disk->volume;
    if (volume.content_type == "block") ref.content = storage::ContentType::block;
    TRY_CTX(storage::restore_volume(job.ctx, *pool, ref, item, snapshots, spec.file, storage::kBackupRoot + "/" + disk->device), "Create custom volume from backup");
    undo.add("remove volume " + ref.name, [pool, ref](const Context& ctx) { return pool->remove(ctx, ref); });
  }
  return {};
}

using Snapshots = std::vector<api::InstanceSnapshot>;
using FillVolumes = std::function<Result<>(storage::Pool&, const InstancePtr&, const Snapshots&)>;
using DropVolume = std::function<Result<>(const Context&, storage::Pool&, const storage::VolumeRef&)>;

/// Rows of the instance and its snapshots around what `fill` does about the volumes.
Result<InstancePtr> import_with(const Job& job, Manager& manager, const ImportSpec& spec, const FillVolumes& fill, const DropVolume& drop) {
  auto saved = TRY_CTX(api::from_json<api::Instance>(member(spec.index.config, "container")), "Backup file is missing required information");
  auto snapshots = TRY(saved_snapshots(spec.index));
  auto pool = TRY(manager.services().pools.load(spec.pool));
  Reverter undo;
  if (spec.file >= 0) TRY(restore_dependents(job, manager, spec, saved, undo));
  InstancePtr instance = TRY(create_record(job, manager, TRY(row_of_backup(manager, spec, saved)), {.keep_runtime = spec.file < 0}, undo));
  undo.add("remove volume", [pool, drop, ref = volume_of(*instance->view())](const Context& ctx) { return drop(ctx, *pool, ref); });
  TRY(fill(*pool, instance, snapshots));
  for (const auto& snapshot : snapshots) TRY(add_snapshot(manager, instance, spec, snapshot));
  instance = TRY(manager.reload(instance->id()));
  TRY(link_volume(instance));
  TRY(write_backup_file(job.ctx, instance));
  clear_unfinished(manager.services(), instance->view()->row.id);
  undo.commit();
  return instance;
}

}  // namespace

Result<InstancePtr> import_backup(const Job& job, Manager& manager, const ImportSpec& spec) {
  if (spec.index.optimized) {
    std::string driver = TRY(manager.services().pools.load(spec.pool))->driver();
    return fail(Code::invalid, "Optimized backup storage driver {} differs from the target storage pool driver {}", quote(spec.index.backend), quote(driver));
  }
  return import_with(job, manager, spec, [&](storage::Pool& pool, const InstancePtr& instance, const Snapshots& snapshots) -> Result<> {
    auto folders = TRY_CTX(make_volumes(job, pool, instance, spec, snapshots), "Create instance from backup");
    TRY_CTX(storage::read_volumes(job.ctx, spec.file, folders), "Create instance from backup");
    // A disk that is larger than its device says stays so: what was backed up counts.
    auto sized = apply_size(job.ctx, pool, *instance->view());
    return sized || sized.error().code() == Code::invalid ? Result<>() : sized;
  }, [&](const Context& ctx, storage::Pool& pool, const storage::VolumeRef& ref) { return pool.remove(ctx, ref); });
}

Result<InstancePtr> adopt_instance(const Job& job, Manager& manager, const ImportSpec& spec) {
  auto adopted = TRY(import_with(job, manager, spec, [&](storage::Pool& pool, const InstancePtr& instance, const Snapshots& snapshots) -> Result<> {
    std::vector<storage::Pool::Adopted> adopted;
    for (const auto& item : snapshots) adopted.push_back({item.name, item.description, item.created_at, item.expires_at});
    return pool.adopt(job.ctx, volume_of(*instance->view()), volume_config(member(spec.index.config, "volume")), "", instance->view()->row.created_at, adopted);
  }, [&](const Context& ctx, storage::Pool& pool, const storage::VolumeRef& ref) { return pool.disown(ctx, ref); }));
  find_running(job.ctx, adopted);
  return adopted;
}

}  // namespace instance
