// Wire types of the "storage_pool_volume_snapshot" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct StorageVolumePostTarget {
  std::string certificate;
  std::string operation;
  StringMap secrets;
};

struct StorageVolumeSnapshotsPost {
  std::string name;
  std::optional<Timestamp> expires_at;
};

struct StorageVolumeSnapshotPost {
  std::string name;
  bool migration = false;
  std::optional<StorageVolumePostTarget> target;
};

struct StorageVolumeSnapshotPut {
  std::string description;
  std::optional<Timestamp> expires_at;
};

struct StorageVolumeSnapshot : StorageVolumeSnapshotPut {
  std::string name;
  StringMap config;
  std::string content_type;
  Timestamp created_at;
};

API_DECLARE(StorageVolumePostTarget)
API_DECLARE(StorageVolumeSnapshotsPost)
API_DECLARE(StorageVolumeSnapshotPost)
API_DECLARE(StorageVolumeSnapshotPut)
API_DECLARE(StorageVolumeSnapshot)

}  // namespace api
