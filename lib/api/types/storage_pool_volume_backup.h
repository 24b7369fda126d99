// Wire types of the "storage_pool_volume_backup" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/instance_backup.h"

namespace api {

struct StorageVolumeBackup {
  std::string name;
  Timestamp created_at;
  Timestamp expires_at;
  bool volume_only = false;
  bool optimized_storage = false;
};

struct StorageVolumeBackupsPost {
  std::string name;
  Timestamp expires_at;
  bool volume_only = false;
  bool optimized_storage = false;
  std::string compression_algorithm;
  std::optional<BackupTarget> target;
};

struct StorageVolumeBackupPost {
  std::string name;
};

API_DECLARE(StorageVolumeBackup)
API_DECLARE(StorageVolumeBackupsPost)
API_DECLARE(StorageVolumeBackupPost)

}  // namespace api
