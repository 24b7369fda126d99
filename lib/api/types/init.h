// Wire types of the "init" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/certificate.h"
#include "api/types/cluster.h"
#include "api/types/network.h"
#include "api/types/profile.h"
#include "api/types/project.h"
#include "api/types/server.h"
#include "api/types/storage_pool.h"
#include "api/types/storage_pool_volume.h"

namespace api {

struct InitClusterPreseed : ClusterPut {
  std::string cluster_certificate_path;
};

struct InitNetworksProjectPost : NetworksPost {
  std::string project;
};

struct InitProfileProjectPost : ProfilesPost {
  std::string project;
};

struct InitStorageVolumesProjectPost : StorageVolumesPost {
  std::string pool;
  std::string project;
};

struct InitLocalPreseed : ServerPut {
  std::vector<InitNetworksProjectPost> networks;
  std::vector<StoragePoolsPost> storage_pools;
  std::vector<InitStorageVolumesProjectPost> storage_volumes;
  std::vector<InitProfileProjectPost> profiles;
  std::vector<ProjectsPost> projects;
  std::vector<CertificatesPost> certificates;
  std::vector<ClusterGroupsPost> cluster_groups;
};

struct InitPreseed : InitLocalPreseed {
  std::optional<InitClusterPreseed> cluster;
};

API_DECLARE(InitClusterPreseed)
API_DECLARE(InitNetworksProjectPost)
API_DECLARE(InitProfileProjectPost)
API_DECLARE(InitStorageVolumesProjectPost)
API_DECLARE(InitLocalPreseed)
API_DECLARE(InitPreseed)

}  // namespace api
