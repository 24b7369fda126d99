#include "api/types/instance_backup.h"

#include "api/codec.h"

namespace api {

API_TYPE(BackupTarget) {
  return fields<BackupTarget>(
      field<&BackupTarget::protocol>("protocol"),
      field<&BackupTarget::url>("url"),
      field<&BackupTarget::bucket_name>("bucket_name"),
      field<&BackupTarget::path>("path"),
      field<&BackupTarget::access_key>("access_key"),
      field<&BackupTarget::secret_key>("secret_key"));
}

API_TYPE(InstanceBackupsPost) {
  return fields<InstanceBackupsPost>(
      field<&InstanceBackupsPost::name>("name"),
      field<&InstanceBackupsPost::expires_at>("expires_at"),
      field<&InstanceBackupsPost::instance_only>("instance_only"),
      field<&InstanceBackupsPost::root_only>("root_only"),
      field<&InstanceBackupsPost::optimized_storage>("optimized_storage"),
      field<&InstanceBackupsPost::compression_algorithm>("compression_algorithm"),
      field<&InstanceBackupsPost::target>("target"));
}

API_TYPE(InstanceBackup) {
  return fields<InstanceBackup>(
      field<&InstanceBackup::name>("name"),
      field<&InstanceBackup::created_at>("created_at"),
      field<&InstanceBackup::expires_at>("expires_at"),
      field<&InstanceBackup::instance_only>("instance_only"),
      field<&InstanceBackup::optimized_storage>("optimized_storage"));
}

API_TYPE(InstanceBackupPost) {
  return fields<InstanceBackupPost>(
      field<&InstanceBackupPost::name>("name"));
}

}  // namespace api
