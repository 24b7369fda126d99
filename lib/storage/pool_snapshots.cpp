// PoolImpl: snapshots of volumes.
#include <algorithm>

#include "base/reverter.h"
#include "core/gate.h"
#include "storage/pool_impl.h"

namespace storage {

Result<> PoolImpl::create_snapshot_with(const Context& ctx, const VolumeRef& ref, const db::volumes::SnapshotRow& snapshot_row,
                                        const std::function<Result<>(const Volume&)>& make) {
  Volume volume = volume_of(ref);
  if (!volume.is_snapshot()) return fail(Code::internal, "Not a snapshot: {}", quote(ref.name));
  auto held = TRY(lock(ctx, volume));
  auto parent = TRY(row_of(ref));
  db::volumes::SnapshotRow row = snapshot_row;
  row.volume_id = parent.id;
  row.name = volume.snapshot;
  if (row.created_at.is_zero()) row.created_at = Timestamp::now();
  if (row.config.empty()) row.config = parent.config;
  volume.config = row.config;
  auto id = services_.global.write([&](db::Tx& tx) { return db::volumes::create_snapshot(tx, row); });
  if (!id && id.error().code() == Code::conflict) return fail(Code::conflict, "Snapshot by that name already exists");
  if (!id) return Failure(id.error());
  Reverter undo;
  undo.add("delete snapshot row", [&](const Context&) { return services_.global.write([&](db::Tx& tx) { return db::volumes::remove_snapshot(tx, *id); }); });
  TRY(make(volume));
  undo.add("delete snapshot", [&](const Context& fresh) { return driver_->volumes().remove(fresh, volume); });
  TRY(link(volume));
  undo.commit();
  return {};
}

Result<> PoolImpl::create_snapshot(const Context& ctx, const VolumeRef& ref, const std::string& description, Timestamp expires) {
  // A snapshot of an instance was judged with the instance's.
  if (ref.type == VolumeType::custom) TRY(services_.global.read([&](db::Tx& tx) { return core::gate::check_snapshot(tx, ref.project); }));
  db::volumes::SnapshotRow row;
  row.description = description;
  row.expires_at = expires;
  return create_snapshot_with(ctx, ref, row, [&](const Volume& volume) { return with_space([&] { return driver_->snapshots().take(ctx, volume); }); });
}

Result<> PoolImpl::create_snapshot_filled(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& description, Timestamp created,
                                          Timestamp expires, const Fill& fill) {
  db::volumes::SnapshotRow row;
  row.config = config;
  row.description = description;
  row.created_at = created;
  row.expires_at = expires;
  return create_snapshot_with(ctx, ref, row, [&](const Volume& volume) -> Result<> {
    TRY(driver_->volumes().create(ctx, volume));
    Reverter undo;
    undo.add("delete snapshot", [&](const Context& fresh) { return driver_->volumes().remove(fresh, volume); });
    TRY(fill(ctx, TRY(driver_->volumes().mount(ctx, volume)).path));
    undo.commit();
    return {};
  });
}

Result<> PoolImpl::remove_snapshot(const Context& ctx, const VolumeRef& ref, const Volume& volume) {
  TRY(driver_->volumes().remove(ctx, volume));
  unlink_volume(volume);
  auto parent = row_of(ref);
  if (!parent) return parent.error().code() == Code::not_found ? Result<>() : Failure(parent.error());
  sweep_later();
  return services_.global.write([&](db::Tx& tx) -> Result<> {
    auto row = db::volumes::load_snapshot(tx, parent->id, volume.snapshot);
    if (!row) return row.error().code() == Code::not_found ? Result<>() : Failure(row.error());
    return db::volumes::remove_snapshot(tx, row->id);
  });
}

Result<> PoolImpl::restore_snapshot(const Context& ctx, const VolumeRef& ref, const std::string& snapshot) {
  Volume volume = volume_of(ref);
  volume.snapshot = snapshot;
  auto held = TRY(lock(ctx, volume));
  auto row = TRY(row_of(ref));
  auto saved = TRY(services_.global.read([&](db::Tx& tx) { return db::volumes::load_snapshot(tx, row.id, snapshot); }));
  TRY(with_space([&] { return driver_->snapshots().restore(ctx, volume); }));
  // A restored instance gets the config its volume had, too; custom volumes keep theirs.
  if (ref.type != VolumeType::custom)
    TRY(services_.global.write([&](db::Tx& tx) { return db::volumes::update(tx, row.id, saved.description, saved.config); }));
  sweep_later();
  return {};
}

Result<> PoolImpl::copy_snapshots(const Context& ctx, const VolumeRef& target, Pool& source_pool, const VolumeRef& source, bool missing_only) {
  auto find = [&](const std::string& pool, const VolumeRef& ref) {
    return services_.global.read([&](db::Tx& tx) -> Result<std::vector<db::volumes::SnapshotRow>> {
      int64_t pool_id = TRY(db::pools::id_of(tx, pool));
      return db::volumes::load_snapshots(tx, TRY(db::volumes::load(tx, pool_id, ref.project, db_type(ref.type), ref.name)).id);
    });
  };
  auto wanted = TRY(find(source_pool.name(), source)), present = TRY(find(name_, target));
  for (const auto& row : wanted) {
    if (missing_only && std::ranges::contains(present, row.name, &db::volumes::SnapshotRow::name)) continue;
    VolumeRef from = source, to = target;
    from.name += "/" + row.name;
    to.name += "/" + row.name;
    TRY(create_snapshot_with(ctx, to, row, [&](const Volume& volume) -> Result<> {
      Mounted mounted = TRY(source_pool.mount(ctx, from));
      (void)mounted;
      return with_space([&] { return driver_->volumes().copy(ctx, volume, source_pool.path(from), nullptr); });
    }));
  }
  if (!missing_only) return {};
  for (const auto& row : present) {
    if (std::ranges::contains(wanted, row.name, &db::volumes::SnapshotRow::name)) continue;
    VolumeRef gone = target;
    gone.name += "/" + row.name;
    TRY(remove(ctx, gone));
  }
  return {};
}

}  // namespace storage
