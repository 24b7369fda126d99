// /internal/recover: volumes the database knows nothing of are found, and taken over.
#include "applets/daemon/routes/common.h"
#include "api/types/storage_pool_volume.h"
#include "db/profiles.h"
#include "instance/import.h"
#include "network/network.h"
#include "storage/recover.h"

namespace incusd {
namespace {

using http::Method;
using storage::UnknownVolume;

struct PoolFinds {
  std::string pool;
  std::vector<UnknownVolume> volumes;
};

Json member(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : Json();
}

void add_once(Json& list, const std::string& text) {
  for (const Json& item : list) {
    if (item == text) return;
  }
  list.push_back(text);
}

/// Projects, profiles and networks an unknown instance needs and this server lacks.
Result<> check_dependencies(Call& call, const UnknownVolume& volume, Json& errors) {
  auto project = call.daemon.projects->get(volume.ref.project);
  if (!project) return add_once(errors, "Project " + quote(volume.ref.project)), Result<>();
  if (volume.backup.is_null()) return {};
  auto saved = TRY_CTX(api::from_json<api::Instance>(member(volume.backup, "container")), "Bad backup file of instance {}", quote(volume.ref.name));
  std::string profile_project = TRY(call.daemon.projects->effective(volume.ref.project, "profile"));
  for (const std::string& name : saved.profiles) {
    bool known = call.daemon.global->read([&](db::Tx& tx) { return db::profiles::id_of(tx, profile_project, name); }).has_value();
    if (!known) add_once(errors, std::format("Profile {} in project {}", quote(name), quote(volume.ref.project)));
  }
  std::string network_project = TRY(call.daemon.projects->effective(volume.ref.project, "network"));
  for (const auto& [name, device] : saved.expanded_devices) {
    std::string network = get_or(device, "network");
    if (get_or(device, "type") != "nic" || network.empty() || call.daemon.networks->load(network_project, network)) continue;
    add_once(errors, std::format("Network {} in project {}", quote(network), quote(volume.ref.project)));
  }
  return {};
}

Json describe(const PoolFinds& finds) {
  Json out = Json::array();
  for (const UnknownVolume& volume : finds.volumes) {
    bool instance = !volume.backup.is_null();
    out.push_back({{"name", volume.ref.name}, {"type", instance ? member(member(volume.backup, "container"), "type") : Json("volume")},
                   {"snapshotCount", volume.snapshots.size()}, {"project", volume.ref.project}, {"pool", finds.pool}});
  }
  return out;
}

Result<> take_over(Call& call, const PoolFinds& finds) {
  auto pool = TRY(call.daemon.pools->load(finds.pool));
  for (const UnknownVolume& volume : finds.volumes) {
    if (!volume.backup.is_null()) continue;
    std::vector<storage::Pool::Adopted> snapshots;
    for (const std::string& name : volume.snapshots) snapshots.push_back({name, "", {}, {}});
    TRY_CTX(pool->adopt(call.ctx, volume.ref, {}, "", {}, snapshots), "Failed importing custom volume {} in project {}", quote(volume.ref.name), quote(volume.ref.project));
  }
  for (const UnknownVolume& volume : finds.volumes) {
    if (volume.backup.is_null()) continue;
    instance::ImportSpec spec;
    spec.index.config = volume.backup;
    spec.index.snapshots = volume.snapshots;
    spec.project = volume.ref.project;
    spec.name = volume.ref.name;
    spec.pool = finds.pool;
    TRY_CTX(instance::adopt_instance({call.ctx, call.identity.requestor}, *call.daemon.instances, spec), "Failed importing instance {} in project {}",
            quote(volume.ref.name), quote(volume.ref.project));
  }
  return {};
}

/// A pool that is taken over gets the config and description it had when an instance on it was last changed.
Result<> restore_pool_config(Call& call, const PoolFinds& finds) {
  for (const UnknownVolume& volume : finds.volumes) {
    Json recorded = member(volume.backup, "pool");
    if (member(recorded, "name") != finds.pool) continue;
    auto saved = TRY_CTX(api::from_json<api::StoragePool>(recorded), "Bad backup file of instance {}", quote(volume.ref.name));
    return call.daemon.pools->update_pool(call.ctx, finds.pool, saved);
  }
  return {};
}

/// Scans the pools of the request. Unknown ones are taken over for the scan, and given back unless everything is imported.
Result<Reply> recover(Call& call, bool validate_only) {
  Json body = TRY(api::parse_json(call.request.body));
  Json errors = Json::array(), unknown = Json::array();
  std::vector<PoolFinds> all;
  for (const Json& item : member(body, "pools").is_array() ? member(body, "pools") : Json::array()) {
    auto request = TRY(api::from_json<api::StoragePoolsPost>(item));
    bool known = contains(call.daemon.pools->names(), request.name);
    if (!known) TRY_CTX(call.daemon.pools->adopt_pool(call.ctx, request), "Failed mounting pool {}", quote(request.name));
    auto found = storage::find_unknown(call.ctx, call.daemon.paths, *call.daemon.global, request.name);
    if (!known && (validate_only || !found)) TRY(call.daemon.pools->disown_pool(request.name));
    PoolFinds finds{request.name, TRY(std::move(found))};
    if (!known && !validate_only) TRY_CTX(restore_pool_config(call, finds), "Failed restoring the config of pool {}", quote(request.name));
    for (const UnknownVolume& volume : finds.volumes) TRY(check_dependencies(call, volume, errors));
    all.push_back(std::move(finds));
  }
  if (validate_only || !errors.empty()) {
    for (const PoolFinds& finds : all) {
      for (Json& item : describe(finds)) unknown.push_back(std::move(item));
    }
    return ok(api::dump_json({{"UnknownVolumes", unknown}, {"DependencyErrors", errors}}));
  }
  for (const PoolFinds& finds : all) TRY(take_over(call, finds));
  return ok();
}

Result<Reply> validate(Call& call) { return recover(call, true); }
Result<Reply> import(Call& call) { return recover(call, false); }

constexpr Route kRoutes[] = {
    {Method::post, "/internal/recover/import", allow("server", "can_edit"), kNoFlags, import, "Take over unknown volumes"},
    {Method::post, "/internal/recover/validate", allow("server", "can_edit"), kNoFlags, validate, "Look for unknown volumes"},
};

}  // namespace

extern const Routes internal_recover_routes = kRoutes;

}  // namespace incusd
