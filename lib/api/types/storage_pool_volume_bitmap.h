// Wire types of the "storage_pool_volume_bitmap" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct StorageVolumeBitmap {
  std::string name;
  int64_t count = 0;
  int64_t granularity = 0;
  bool recording = false;
  bool busy = false;
  bool persistent = false;
  bool inconsistent = false;
};

struct StorageVolumeBitmapsPost {
  std::string name;
  int64_t granularity = 0;
  bool persistent = false;
  bool disabled = false;
};

API_DECLARE(StorageVolumeBitmap)
API_DECLARE(StorageVolumeBitmapsPost)

}  // namespace api
