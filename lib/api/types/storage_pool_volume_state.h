// Wire types of the "storage_pool_volume_state" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct StorageVolumeStateUsage {
  uint64_t used = 0;
  int64_t total = 0;
};

struct StorageVolumeState {
  std::optional<StorageVolumeStateUsage> usage;
};

API_DECLARE(StorageVolumeStateUsage)
API_DECLARE(StorageVolumeState)

}  // namespace api
