#include "api/types/storage_pool_volume_backup.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageVolumeBackup) {
  return fields<StorageVolumeBackup>(
      field<&StorageVolumeBackup::name>("name"),
      field<&StorageVolumeBackup::created_at>("created_at"),
      field<&StorageVolumeBackup::expires_at>("expires_at"),
      field<&StorageVolumeBackup::volume_only>("volume_only"),
      field<&StorageVolumeBackup::optimized_storage>("optimized_storage"));
}

API_TYPE(StorageVolumeBackupsPost) {
  return fields<StorageVolumeBackupsPost>(
      field<&StorageVolumeBackupsPost::name>("name"),
      field<&StorageVolumeBackupsPost::expires_at>("expires_at"),
      field<&StorageVolumeBackupsPost::volume_only>("volume_only"),
      field<&StorageVolumeBackupsPost::optimized_storage>("optimized_storage"),
      field<&StorageVolumeBackupsPost::compression_algorithm>("compression_algorithm"),
      field<&StorageVolumeBackupsPost::target>("target"));
}

API_TYPE(StorageVolumeBackupPost) {
  return fields<StorageVolumeBackupPost>(
      field<&StorageVolumeBackupPost::name>("name"));
}

}  // namespace api
