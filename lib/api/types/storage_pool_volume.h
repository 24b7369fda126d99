// Wire types of the "storage_pool_volume" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/storage_pool_volume_backup.h"
#include "api/types/storage_pool_volume_snapshot.h"
#include "api/types/storage_pool_volume_state.h"

namespace api {

struct StorageVolumePut {
  StringMap config;
  std::string description;
  std::string restore;
};

struct StorageVolumeSource {
  std::string name;
  std::string type;
  std::string pool;
  std::string certificate;
  std::string mode;
  std::string operation;
  StringMap secrets;
  bool volume_only = false;
  bool refresh = false;
  bool refresh_exclude_older = false;
  std::string project;
  std::string location;
};

struct StorageVolumesPost : StorageVolumePut {
  std::string name;
  std::string type;
  StorageVolumeSource source;
  std::string content_type;
};

struct StorageVolumePost {
  std::string name;
  std::string pool;
  bool migration = false;
  std::optional<StorageVolumePostTarget> target;
  bool volume_only = false;
  std::string project;
  StorageVolumeSource source;
};

struct StorageVolume : StorageVolumePut {
  std::string name;
  std::string type;
  std::vector<std::string> used_by;
  std::string location;
  std::string content_type;
  std::string project;
  Timestamp created_at;
};

struct StorageVolumeFull : StorageVolume {
  std::vector<StorageVolumeBackup> backups;
  std::vector<StorageVolumeSnapshot> snapshots;
  std::optional<StorageVolumeState> state;
};

API_DECLARE(StorageVolumePut)
API_DECLARE(StorageVolumeSource)
API_DECLARE(StorageVolumesPost)
API_DECLARE(StorageVolumePost)
API_DECLARE(StorageVolume)
API_DECLARE(StorageVolumeFull)

}  // namespace api
