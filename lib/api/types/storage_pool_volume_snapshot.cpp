#include "api/types/storage_pool_volume_snapshot.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageVolumePostTarget) {
  return fields<StorageVolumePostTarget>(
      field<&StorageVolumePostTarget::certificate>("certificate"),
      field<&StorageVolumePostTarget::operation>("operation", kOmitEmpty),
      field<&StorageVolumePostTarget::secrets>("secrets", kOmitEmpty));
}

API_TYPE(StorageVolumeSnapshotsPost) {
  return fields<StorageVolumeSnapshotsPost>(
      field<&StorageVolumeSnapshotsPost::name>("name"),
      field<&StorageVolumeSnapshotsPost::expires_at>("expires_at"));
}

API_TYPE(StorageVolumeSnapshotPost) {
  return fields<StorageVolumeSnapshotPost>(
      field<&StorageVolumeSnapshotPost::name>("name"),
      field<&StorageVolumeSnapshotPost::migration>("migration"),
      field<&StorageVolumeSnapshotPost::target>("target"));
}

API_TYPE(StorageVolumeSnapshotPut) {
  return fields<StorageVolumeSnapshotPut>(
      field<&StorageVolumeSnapshotPut::description>("description"),
      field<&StorageVolumeSnapshotPut::expires_at>("expires_at"));
}

API_TYPE(StorageVolumeSnapshot) {
  return fields<StorageVolumeSnapshot>(
      base<StorageVolumeSnapshot, StorageVolumeSnapshotPut>(),
      field<&StorageVolumeSnapshot::name>("name"),
      field<&StorageVolumeSnapshot::config>("config"),
      field<&StorageVolumeSnapshot::content_type>("content_type"),
      field<&StorageVolumeSnapshot::created_at>("created_at"));
}

}  // namespace api
