// Wire types of the "instance_backup" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct BackupTarget {
  std::string protocol;
  std::string url;
  std::string bucket_name;
  std::string path;
  std::string access_key;
  std::string secret_key;
};

struct InstanceBackupsPost {
  std::string name;
  Timestamp expires_at;
  bool instance_only = false;
  bool root_only = false;
  bool optimized_storage = false;
  std::string compression_algorithm;
  std::optional<BackupTarget> target;
};

struct InstanceBackup {
  std::string name;
  Timestamp created_at;
  Timestamp expires_at;
  bool instance_only = false;
  bool optimized_storage = false;
};

struct InstanceBackupPost {
  std::string name;
};

API_DECLARE(BackupTarget)
API_DECLARE(InstanceBackupsPost)
API_DECLARE(InstanceBackup)
API_DECLARE(InstanceBackupPost)

}  // namespace api
