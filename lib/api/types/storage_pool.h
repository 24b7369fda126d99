// Wire types of the "storage_pool" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/resource.h"

namespace api {

struct StoragePoolPut {
  StringMap config;
  std::string description;
};

struct StoragePoolsPost : StoragePoolPut {
  std::string name;
  std::string driver;
};

struct StoragePool : StoragePoolPut {
  std::string name;
  std::string driver;
  std::vector<std::string> used_by;
  std::string status;
  std::vector<std::string> locations;
};

struct StoragePoolState : ResourcesStoragePool {
};

API_DECLARE(StoragePoolPut)
API_DECLARE(StoragePoolsPost)
API_DECLARE(StoragePool)
API_DECLARE(StoragePoolState)

}  // namespace api
