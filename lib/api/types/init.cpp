#include "api/types/init.h"

#include "api/codec.h"

namespace api {

API_TYPE(InitClusterPreseed) {
  return fields<InitClusterPreseed>(
      base<InitClusterPreseed, ClusterPut>(),
      field<&InitClusterPreseed::cluster_certificate_path>("cluster_certificate_path"));
}

API_TYPE(InitNetworksProjectPost) {
  return fields<InitNetworksProjectPost>(
      base<InitNetworksProjectPost, NetworksPost>(),
      field<&InitNetworksProjectPost::project>("Project"));
}

API_TYPE(InitProfileProjectPost) {
  return fields<InitProfileProjectPost>(
      base<InitProfileProjectPost, ProfilesPost>(),
      field<&InitProfileProjectPost::project>("Project"));
}

API_TYPE(InitStorageVolumesProjectPost) {
  return fields<InitStorageVolumesProjectPost>(
      base<InitStorageVolumesProjectPost, StorageVolumesPost>(),
      field<&InitStorageVolumesProjectPost::pool>("Pool"),
      field<&InitStorageVolumesProjectPost::project>("Project"));
}

API_TYPE(InitLocalPreseed) {
  return fields<InitLocalPreseed>(
      base<InitLocalPreseed, ServerPut>(),
      field<&InitLocalPreseed::networks>("networks"),
      field<&InitLocalPreseed::storage_pools>("storage_pools"),
      field<&InitLocalPreseed::storage_volumes>("storage_volumes"),
      field<&InitLocalPreseed::profiles>("profiles"),
      field<&InitLocalPreseed::projects>("projects"),
      field<&InitLocalPreseed::certificates>("certificates"),
      field<&InitLocalPreseed::cluster_groups>("cluster_groups"));
}

API_TYPE(InitPreseed) {
  return fields<InitPreseed>(
      base<InitPreseed, InitLocalPreseed>(),
      field<&InitPreseed::cluster>("cluster"));
}

}  // namespace api
