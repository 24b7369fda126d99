#include "storage/describe.h"

#include "api/types/storage_pool_volume_snapshot.h"

namespace storage {

api::StoragePool to_api(const db::pools::Row& row) {
  api::StoragePool out;
  static_cast<api::StoragePoolPut&>(out) = row;
  out.name = row.name;
  out.driver = row.driver;
  out.status = db::name_of(row.state);
  out.locations = {"none"};
  return out;
}

api::StorageVolume to_api(const db::volumes::Row& row) {
  api::StorageVolume out;
  out.name = row.name;
  out.type = db::name_of(row.type);
  out.content_type = db::name_of(row.content_type);
  out.description = row.description;
  out.config = row.config;
  out.project = row.project;
  out.location = row.location.empty() ? "none" : row.location;
  out.created_at = row.created_at;
  return out;
}

Result<Json> describe_volume(db::Tx& tx, const db::volumes::Row& row, bool snapshots) {
  Json out = {{"volume", api::to_json(to_api(row))}};
  if (!snapshots) return out;
  Json list = Json::array();
  for (const db::volumes::SnapshotRow& item : TRY(db::volumes::load_snapshots(tx, row.id))) {
    api::StorageVolumeSnapshot snapshot;
    snapshot.name = item.name;
    snapshot.description = item.description;
    snapshot.config = item.config;
    snapshot.content_type = db::name_of(row.content_type);
    snapshot.created_at = item.created_at;
    if (!item.expires_at.is_zero()) snapshot.expires_at = item.expires_at;
    list.push_back(api::to_json(snapshot));
  }
  if (!list.empty()) out["volume_snapshots"] = std::move(list);
  return out;
}

}  // namespace storage
