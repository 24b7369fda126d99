// PoolImpl: volumes that are on disk and only lack their rows.
#include "storage/pool_impl.h"

namespace storage {

Result<> PoolImpl::adopt(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& description, Timestamp created,
                         const std::vector<Adopted>& snapshots) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> {
    db::volumes::Row row = new_row(ref, config, description, created.is_zero() ? Timestamp::now() : created);
    int64_t id = TRY(db::volumes::create(tx, row));
    for (const Adopted& item : snapshots) {
      db::volumes::SnapshotRow snapshot;
      snapshot.volume_id = id;
      snapshot.name = item.name;
      snapshot.description = item.description;
      snapshot.created_at = item.created.is_zero() ? row.created_at : item.created;
      snapshot.expires_at = item.expires;
      snapshot.config = config;
      TRY(db::volumes::create_snapshot(tx, snapshot));
    }
    return {};
  }));
  TRY(link(volume));
  if (snapshots.empty()) return {};
  volume.snapshot = snapshots.front().name;
  return link(volume);
}

Result<> PoolImpl::disown(const Context&, const VolumeRef& ref) {
  auto row = row_of(ref);
  if (!row) return row.error().code() == Code::not_found ? Result<>() : Failure(row.error());
  return services_.global.write([&](db::Tx& tx) { return db::volumes::remove(tx, row->id); });
}

}  // namespace storage
