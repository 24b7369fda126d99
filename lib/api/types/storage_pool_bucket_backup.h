// Wire types of the "storage_pool_bucket_backup" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct StorageBucketBackup {
  std::string name;
  Timestamp created_at;
  Timestamp expires_at;
};

struct StorageBucketBackupsPost {
  std::string name;
  Timestamp expires_at;
  std::string compression_algorithm;
};

struct StorageBucketBackupPost {
  std::string name;
};

API_DECLARE(StorageBucketBackup)
API_DECLARE(StorageBucketBackupsPost)
API_DECLARE(StorageBucketBackupPost)

}  // namespace api
