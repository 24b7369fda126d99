#include "api/types/storage_pool.h"

#include "api/codec.h"

namespace api {

API_TYPE(StoragePoolPut) {
  return fields<StoragePoolPut>(
      field<&StoragePoolPut::config>("config"),
      field<&StoragePoolPut::description>("description"));
}

API_TYPE(StoragePoolsPost) {
  return fields<StoragePoolsPost>(
      base<StoragePoolsPost, StoragePoolPut>(),
      field<&StoragePoolsPost::name>("name"),
      field<&StoragePoolsPost::driver>("driver"));
}

API_TYPE(StoragePool) {
  return fields<StoragePool>(
      base<StoragePool, StoragePoolPut>(),
      field<&StoragePool::name>("name"),
      field<&StoragePool::driver>("driver"),
      field<&StoragePool::used_by>("used_by"),
      field<&StoragePool::status>("status"),
      field<&StoragePool::locations>("locations"));
}

API_TYPE(StoragePoolState) {
  return fields<StoragePoolState>(
      base<StoragePoolState, ResourcesStoragePool>());
}

}  // namespace api
