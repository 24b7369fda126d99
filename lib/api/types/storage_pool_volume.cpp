#include "api/types/storage_pool_volume.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageVolumePut) {
  return fields<StorageVolumePut>(
      field<&StorageVolumePut::config>("config"),
      field<&StorageVolumePut::description>("description"),
      field<&StorageVolumePut::restore>("restore", kOmitEmpty));
}

API_TYPE(StorageVolumeSource) {
  return fields<StorageVolumeSource>(
      field<&StorageVolumeSource::name>("name"),
      field<&StorageVolumeSource::type>("type"),
      field<&StorageVolumeSource::pool>("pool"),
      field<&StorageVolumeSource::certificate>("certificate"),
      field<&StorageVolumeSource::mode>("mode", kOmitEmpty),
      field<&StorageVolumeSource::operation>("operation", kOmitEmpty),
      field<&StorageVolumeSource::secrets>("secrets", kOmitEmpty),
      field<&StorageVolumeSource::volume_only>("volume_only"),
      field<&StorageVolumeSource::refresh>("refresh"),
      field<&StorageVolumeSource::refresh_exclude_older>("refresh_exclude_older"),
      field<&StorageVolumeSource::project>("project", kOmitEmpty),
      field<&StorageVolumeSource::location>("location"));
}

API_TYPE(StorageVolumesPost) {
  return fields<StorageVolumesPost>(
      base<StorageVolumesPost, StorageVolumePut>(),
      field<&StorageVolumesPost::name>("name"),
      field<&StorageVolumesPost::type>("type"),
      field<&StorageVolumesPost::source>("source"),
      field<&StorageVolumesPost::content_type>("content_type"));
}

API_TYPE(StorageVolumePost) {
  return fields<StorageVolumePost>(
      field<&StorageVolumePost::name>("name"),
      field<&StorageVolumePost::pool>("pool", kOmitEmpty),
      field<&StorageVolumePost::migration>("migration"),
      field<&StorageVolumePost::target>("target"),
      field<&StorageVolumePost::volume_only>("volume_only"),
      field<&StorageVolumePost::project>("project", kOmitEmpty),
      field<&StorageVolumePost::source>("source"));
}

API_TYPE(StorageVolume) {
  return fields<StorageVolume>(
      base<StorageVolume, StorageVolumePut>(),
      field<&StorageVolume::name>("name"),
      field<&StorageVolume::type>("type"),
      field<&StorageVolume::used_by>("used_by"),
      field<&StorageVolume::location>("location"),
      field<&StorageVolume::content_type>("content_type"),
      field<&StorageVolume::project>("project"),
      field<&StorageVolume::created_at>("created_at"));
}

API_TYPE(StorageVolumeFull) {
  return fields<StorageVolumeFull>(
      base<StorageVolumeFull, StorageVolume>(),
      field<&StorageVolumeFull::backups>("backups"),
      field<&StorageVolumeFull::snapshots>("snapshots"),
      field<&StorageVolumeFull::state>("state"));
}

}  // namespace api
