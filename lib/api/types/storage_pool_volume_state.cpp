#include "api/types/storage_pool_volume_state.h"

#include "api/codec.h"

namespace api {

API_TYPE(StorageVolumeStateUsage) {
  return fields<StorageVolumeStateUsage>(
      field<&StorageVolumeStateUsage::used>("used", kOmitEmpty),
      field<&StorageVolumeStateUsage::total>("total"));
}

API_TYPE(StorageVolumeState) {
  return fields<StorageVolumeState>(
      field<&StorageVolumeState::usage>("usage"));
}

}  // namespace api
