#include "device/disk_dependent.h"

#include <algorithm>

#include "db/instance_snapshots.h"
#include "db/instances.h"
#include "db/pools.h"
#include "db/projects.h"
#include "device/disk_volume.h"

namespace device {
namespace {

/// Does an instance other than the host have a disk of its own on the volume?
Result<bool> used_by_others(db::Tx& tx, const Host& host, const StringMap& config, const db::volumes::Row& volume) {
  StringList projects;
  TRY(tx.query("SELECT p.name FROM instances i JOIN projects p ON p.id = i.project_id JOIN instances_devices d ON d.instance_id = i.id "
               "JOIN instances_devices_config a ON a.instance_device_id = d.id AND a.key = 'pool' AND a.value = ? "
               "JOIN instances_devices_config b ON b.instance_device_id = d.id AND b.key = 'source' AND (b.value = ? OR b.value LIKE ? || '/%') "
               "WHERE NOT (p.name = ? AND i.name = ?)",
               {get_or(config, "pool"), volume.name, volume.name, host.project(), host.name()}, [&](const db::Row& row) -> Result<> {
                 projects.push_back(row.text(0));
                 return {};
               }));
  for (const std::string& project : projects)
    if (TRY(db::projects::effective(tx, project, "storage.volumes")) == volume.project) return true;
  return false;
}

struct Standing {
  db::volumes::Row volume;
  StringList volume_snapshots;
  std::vector<db::snapshots::Row> instance_snapshots;
};

Result<Standing> load_standing(db::Tx& tx, Host& host, const StringMap& config) {
  Standing out;
  std::string project = TRY(db::projects::effective(tx, host.project(), "storage.volumes"));
  int64_t pool = TRY(db::pools::id_of(tx, get_or(config, "pool")));
  out.volume = TRY(db::volumes::load(tx, pool, project, db::VolumeType::custom, split_volume_source(get_or(config, "source")).volume));
  for (const auto& snapshot : TRY(db::volumes::load_snapshots(tx, out.volume.id))) out.volume_snapshots.push_back(snapshot.name);
  auto instance = db::instances::load(tx, host.project(), host.name());
  if (instance) out.instance_snapshots = TRY(db::snapshots::load_all(tx, instance->id));
  return out;
}

Result<> match_snapshots(const Context& ctx, Services& services, const StringMap& config, const Standing& now) {
  for (const std::string& name : now.volume_snapshots) {
    if (!std::ranges::contains(now.instance_snapshots, name, &db::snapshots::Row::name)) return fail(Code::invalid, "Cannot attach volume with snapshots as dependent");
  }
  auto pool = TRY(services.pools.load(get_or(config, "pool")));
  for (const auto& snapshot : now.instance_snapshots) {
    if (contains(now.volume_snapshots, snapshot.name)) continue;
    storage::VolumeRef ref{.type = storage::VolumeType::custom, .project = now.volume.project, .name = now.volume.name + "/" + snapshot.name};
    TRY(pool->create_snapshot(ctx, ref, "", snapshot.expires_at));
  }
  return {};
}

}  // namespace

Result<> check_dependent(Services& services, Host& host, const StringMap& config, const db::volumes::Row& volume) {
  if (is_true(get_or(volume.config, "dependent"))) {
    bool others = TRY(services.global.read([&](db::Tx& tx) { return used_by_others(tx, host, config, volume); }));
    if (others) return fail(Code::invalid, "Cannot add dependent custom storage block volume to more than one instance");
  }
  if (!is_true(get_or(config, "dependent"))) return {};
  if (is_true(get_or(volume.config, "security.shared"))) return fail(Code::invalid, "dependent and security.shared are mutually exclusive");
  for (const auto& [key, value] : volume.config) {
    if (key.starts_with("snapshots.")) return fail(Code::invalid, "Dependent disk may not have a {} config", quote(key));
  }
  return {};
}

Result<> follow_dependent(const Context& ctx, Services& services, Host& host, const StringMap& config) {
  auto now = services.global.read([&](db::Tx& tx) { return load_standing(tx, host, config); });
  if (!now) return now.error().code() == Code::not_found ? Result<>() : Failure(now.error());
  bool wanted = is_true(get_or(config, "dependent"));
  if (wanted == is_true(get_or(now->volume.config, "dependent"))) return {};
  if (wanted) TRY(match_snapshots(ctx, services, config, *now));
  return services.global.write([&](db::Tx& tx) { return db::volumes::patch_config(tx, now->volume.id, {{"dependent", wanted ? "true" : ""}}); });
}

}  // namespace device
