#include "instance/dependent.h"

#include <algorithm>

#include "core/project_cache.h"
#include "db/pools.h"

namespace instance {
namespace {

using Action = std::function<Result<>(storage::Pool&, const Dependent&)>;

Result<> for_each(Services& services, const View& view, const Action& action) {
  for (const Dependent& item : TRY(dependents_of(services, view.row.project, view.devices))) {
    auto pool = TRY_CTX(services.pools.load(item.pool), "Failed loading storage pool");
    TRY(action(*pool, item));
  }
  return {};
}

storage::VolumeRef snapshot_of(storage::VolumeRef ref, const std::string& name) {
  ref.name += "/" + name;
  return ref;
}

Result<> missing_is_fine(Result<> result) { return !result && result.error().code() == Code::not_found ? Result<>() : result; }

}  // namespace

Result<std::vector<Dependent>> dependents_of(Services& services, const std::string& project, const api::DevicesMap& devices) {
  std::vector<Dependent> out;
  for (const auto& [name, device] : devices) {
    bool own = get_or(device, "type") == "disk" && is_true(get_or(device, "dependent")) && get_or(device, "path") != "/" && !get_or(device, "pool").empty();
    if (!own || get_or(device, "source").empty()) continue;
    std::string stored_in = TRY(services.projects.effective(project, "storage_volume"));
    Dependent item{name, get_or(device, "pool"), {.type = storage::VolumeType::custom, .project = stored_in, .name = split(get_or(device, "source"), '/')[0]}};
    // One that is yet to come has the content of what it will be copied from.
    auto row = row_of(services, item);
    if (row && row->content_type == db::ContentType::block) item.volume.content = storage::ContentType::block;
    out.push_back(std::move(item));
  }
  return out;
}

Result<db::volumes::Row> row_of(Services& services, const Dependent& dependent) {
  return services.global.read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    return db::volumes::load(tx, TRY(db::pools::id_of(tx, dependent.pool)), dependent.volume.project, db::VolumeType::custom, dependent.volume.name);
  });
}

Result<> snapshot_dependents(const Context& ctx, Services& services, const View& view, const std::string& name, Timestamp expires) {
  Reverter undo;
  TRY(for_each(services, view, [&](storage::Pool& pool, const Dependent& item) -> Result<> {
    auto ref = snapshot_of(item.volume, name);
    TRY_CTX(pool.create_snapshot(ctx, ref, "", expires), "Failed making a snapshot of volume {}", quote(item.volume.name));
    undo.add("remove snapshot " + ref.name, [&pool, ref](const Context& fresh) { return pool.remove(fresh, ref); });
    return {};
  }));
  undo.commit();
  return {};
}

Result<> remove_dependent_snapshots(const Context& ctx, Services& services, const View& view, const std::string& name) {
  return for_each(services, view, [&](storage::Pool& pool, const Dependent& item) { return missing_is_fine(pool.remove(ctx, snapshot_of(item.volume, name))); });
}

Result<> rename_dependent_snapshots(const Context& ctx, Services& services, const View& view, const std::string& name, const std::string& new_name) {
  return for_each(services, view, [&](storage::Pool& pool, const Dependent& item) { return missing_is_fine(pool.rename(ctx, snapshot_of(item.volume, name), new_name)); });
}

Result<> check_dependents_restorable(Services& services, const View& view, const std::string& name) {
  if (view.snapshots.empty() || view.snapshots.back().name == name) return {};
  if (TRY(dependents_of(services, view.row.project, view.devices)).empty()) return {};
  return fail(Code::invalid, "Snapshot {} cannot be restored due to subsequent snapshot(s): delete them first, as the instance has dependent volumes", quote(name));
}

Result<> restore_dependents(const Context& ctx, Services& services, const View& view, const std::string& name) {
  return for_each(services, view, [&](storage::Pool& pool, const Dependent& item) { return pool.restore_snapshot(ctx, item.volume, name); });
}

Result<> remove_dependents(const Context& ctx, Services& services, const View& view) {
  return for_each(services, view, [&](storage::Pool& pool, const Dependent& item) { return pool.remove(ctx, item.volume); });
}

Result<> copy_dependents(const Context& ctx, Services& services, const View& source, const std::string& snapshot, const db::instances::Row& target, bool snapshots,
                         Reverter& undo) {
  auto wanted = TRY(dependents_of(services, target.project, target.devices));
  for (const Dependent& from : TRY(dependents_of(services, source.row.project, source.devices))) {
    auto to = std::ranges::find(wanted, from.device, &Dependent::device);
    if (to == wanted.end()) continue;
    if (to->pool == from.pool && to->volume.name == from.volume.name && to->volume.project == from.volume.project)
      return fail(Code::invalid, "Device source name should be different during copy for dependent disk: {}", from.device);
    auto pool = TRY_CTX(services.pools.load(to->pool), "Failed loading storage pool");
    auto source_pool = TRY_CTX(services.pools.load(from.pool), "Failed loading storage pool");
    auto ref = snapshot.empty() ? from.volume : snapshot_of(from.volume, snapshot);
    to->volume.content = from.volume.content;
    TRY_CTX(pool->create_copy(ctx, to->volume, TRY(row_of(services, from)).config, *source_pool, ref, snapshots, nullptr), "Failed copying volume {}", quote(from.volume.name));
    undo.add("remove volume " + to->volume.name, [pool, ref = to->volume](const Context& fresh) { return pool->remove(fresh, ref); });
  }
  return {};
}

Result<> refresh_dependents(const Context& ctx, Services& services, const View& source, const View& target, bool snapshots) {
  auto from = TRY(dependents_of(services, source.row.project, source.devices));
  return for_each(services, target, [&](storage::Pool& pool, const Dependent& to) -> Result<> {
    auto match = std::ranges::find(from, to.device, &Dependent::device);
    if (match == from.end()) return {};
    auto source_pool = TRY_CTX(services.pools.load(match->pool), "Failed loading storage pool");
    return pool.refresh_copy(ctx, to.volume, *source_pool, match->volume, snapshots, nullptr);
  });
}

}  // namespace instance
