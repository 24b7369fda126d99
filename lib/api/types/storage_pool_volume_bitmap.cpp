#include "api/types/storage_pool_volume_bitmap.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageVolumeBitmap) {
  return fields<StorageVolumeBitmap>(
      field<&StorageVolumeBitmap::name>("name"),
      field<&StorageVolumeBitmap::count>("count"),
      field<&StorageVolumeBitmap::granularity>("granularity"),
      field<&StorageVolumeBitmap::recording>("recording"),
      field<&StorageVolumeBitmap::busy>("busy"),
      field<&StorageVolumeBitmap::persistent>("persistent"),
      field<&StorageVolumeBitmap::inconsistent>("inconsistent"));
}

API_TYPE(StorageVolumeBitmapsPost) {
  return fields<StorageVolumeBitmapsPost>(
      field<&StorageVolumeBitmapsPost::name>("name"),
      field<&StorageVolumeBitmapsPost::granularity>("granularity"),
      field<&StorageVolumeBitmapsPost::persistent>("persistent"),
      field<&StorageVolumeBitmapsPost::disabled>("disabled"));
}

}  // namespace api
