// Custom volumes out of backup archives.
#include "api/types/storage_pool_volume.h"
#include "api/types/storage_pool_volume_snapshot.h"
#include "base/reverter.h"
#include "storage/backup.h"

namespace storage {
namespace {

Json member(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : Json();
}

using Snapshots = std::vector<api::StorageVolumeSnapshot>;

/// The snapshots to make, described as far as the index does.
Result<Snapshots> snapshots_of(const Json& description, const StringList& names) {
  Json details = member(description, "volume_snapshots");
  Snapshots out;
  for (const std::string& name : names) {
    api::StorageVolumeSnapshot snapshot;
    for (const Json& item : details.is_array() ? details : Json::array()) {
      if (member(item, "name") == name) snapshot = TRY_CTX(api::from_json<api::StorageVolumeSnapshot>(item), "Bad description of snapshot {}", quote(name));
    }
    snapshot.name = name;
    out.push_back(std::move(snapshot));
  }
  return out;
}

}  // namespace

Result<> restore_volume(const Context& ctx, Pool& pool, const VolumeRef& ref, const Json& description, const StringList& snapshots, int file, const std::string& root) {
  Json recorded = member(description, "volume");
  auto volume = recorded.is_object() ? TRY_CTX(api::from_json<api::StorageVolume>(recorded), "Bad description of volume {}", quote(ref.name)) : api::StorageVolume();
  auto wanted = TRY(snapshots_of(description, snapshots));
  TRY(pool.create_empty(ctx, ref, volume.config, volume.description));
  Reverter undo;
  undo.add("remove volume", [&](const Context& fresh) { return pool.remove(fresh, ref); });
  std::map<std::string, std::string> folders{{backup_prefix(ref.type, "", root), pool.path(ref)}};
  for (const auto& saved : wanted) {
    VolumeRef snapshot = ref;
    snapshot.name += "/" + saved.name;
    auto nothing = [](const Context&, const std::string&) { return Result<>(); };
    TRY(pool.create_snapshot_filled(ctx, snapshot, saved.config, saved.description, saved.created_at, saved.expires_at.value_or(Timestamp()), nothing));
    folders[backup_prefix(ref.type, saved.name, root)] = pool.path(snapshot);
  }
  TRY(read_volumes(ctx, file, folders));
  undo.commit();
  return {};
}

}  // namespace storage
