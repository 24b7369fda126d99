#include "api/types/storage_pool_bucket.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageBucketPut) {
  return fields<StorageBucketPut>(
      field<&StorageBucketPut::config>("config"),
      field<&StorageBucketPut::description>("description"));
}

API_TYPE(StorageBucketsPost) {
  return fields<StorageBucketsPost>(
      base<StorageBucketsPost, StorageBucketPut>(),
      field<&StorageBucketsPost::name>("name"));
}

API_TYPE(StorageBucket) {
  return fields<StorageBucket>(
      base<StorageBucket, StorageBucketPut>(),
      field<&StorageBucket::name>("name"),
      field<&StorageBucket::s3_url>("s3_url"),
      field<&StorageBucket::location>("location"),
      field<&StorageBucket::project>("project"));
}

API_TYPE(StorageBucketKeyPut) {
  return fields<StorageBucketKeyPut>(
      field<&StorageBucketKeyPut::description>("description"),
      field<&StorageBucketKeyPut::role>("role"),
      field<&StorageBucketKeyPut::access_key>("access-key"),
      field<&StorageBucketKeyPut::secret_key>("secret-key"));
}

API_TYPE(StorageBucketKey) {
  return fields<StorageBucketKey>(
      base<StorageBucketKey, StorageBucketKeyPut>(),
      field<&StorageBucketKey::name>("name"));
}

API_TYPE(StorageBucketFull) {
  return fields<StorageBucketFull>(
      base<StorageBucketFull, StorageBucket>(),
      field<&StorageBucketFull::backups>("backups"),
      field<&StorageBucketFull::keys>("keys"));
}

API_TYPE(StorageBucketKeysPost) {
  return fields<StorageBucketKeysPost>(
      base<StorageBucketKeysPost, StorageBucketKeyPut>(),
      field<&StorageBucketKeysPost::name>("name"));
}

}  // namespace api
