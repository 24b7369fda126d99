// Wire types of the "storage_pool_bucket" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/storage_pool_bucket_backup.h"

namespace api {

struct StorageBucketPut {
  StringMap config;
  std::string description;
};

struct StorageBucketsPost : StorageBucketPut {
  std::string name;
};

struct StorageBucket : StorageBucketPut {
  std::string name;
  std::string s3_url;
  std::string location;
  std::string project;
};

struct StorageBucketKeyPut {
  std::string description;
  std::string role;
  std::string access_key;
  std::string secret_key;
};

struct StorageBucketKey : StorageBucketKeyPut {
  std::string name;
};

struct StorageBucketFull : StorageBucket {
  std::vector<StorageBucketBackup> backups;
  std::vector<StorageBucketKey> keys;
};

struct StorageBucketKeysPost : StorageBucketKeyPut {
  std::string name;
};

API_DECLARE(StorageBucketPut)
API_DECLARE(StorageBucketsPost)
API_DECLARE(StorageBucket)
API_DECLARE(StorageBucketKeyPut)
API_DECLARE(StorageBucketKey)
API_DECLARE(StorageBucketFull)
API_DECLARE(StorageBucketKeysPost)

}  // namespace api
