// Wire types of the "cluster_state" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/storage_pool.h"

namespace api {

struct ClusterMemberSysInfo {
  int64_t uptime = 0;
  std::vector<double> load_averages;
  uint64_t total_ram = 0;
  uint64_t free_ram = 0;
  uint64_t shared_ram = 0;
  uint64_t buffered_ram = 0;
  uint64_t total_swap = 0;
  uint64_t free_swap = 0;
  uint64_t processes = 0;
};

struct ClusterMemberState {
  ClusterMemberSysInfo sysinfo;
  std::map<std::string, StoragePoolState> storage_pools;
};

API_DECLARE(ClusterMemberSysInfo)
API_DECLARE(ClusterMemberState)

}  // namespace api
