#include "api/types/storage_pool_bucket_backup.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageBucketBackup) {
  return fields<StorageBucketBackup>(
      field<&StorageBucketBackup::name>("name"),
      field<&StorageBucketBackup::created_at>("created_at"),
      field<&StorageBucketBackup::expires_at>("expires_at"));
}

API_TYPE(StorageBucketBackupsPost) {
  return fields<StorageBucketBackupsPost>(
      field<&StorageBucketBackupsPost::name>("name"),
      field<&StorageBucketBackupsPost::expires_at>("expires_at"),
      field<&StorageBucketBackupsPost::compression_algorithm>("compression_algorithm"));
}

API_TYPE(StorageBucketBackupPost) {
  return fields<StorageBucketBackupPost>(
      field<&StorageBucketBackupPost::name>("name"));
}

}  // namespace api
