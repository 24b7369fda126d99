#include "api/types/cluster_state.h"

#include "api/codec.h"

namespace api {

API_TYPE(ClusterMemberSysInfo) {
  return fields<ClusterMemberSysInfo>(
      field<&ClusterMemberSysInfo::uptime>("uptime"),
      field<&ClusterMemberSysInfo::load_averages>("load_averages"),
      field<&ClusterMemberSysInfo::total_ram>("total_ram"),
      field<&ClusterMemberSysInfo::free_ram>("free_ram"),
      field<&ClusterMemberSysInfo::shared_ram>("shared_ram"),
      field<&ClusterMemberSysInfo::buffered_ram>("buffered_ram"),
      field<&ClusterMemberSysInfo::total_swap>("total_swap"),
      field<&ClusterMemberSysInfo::free_swap>("free_swap"),
      field<&ClusterMemberSysInfo::processes>("processes"));
}

API_TYPE(ClusterMemberState) {
  return fields<ClusterMemberState>(
      field<&ClusterMemberState::sysinfo>("sysinfo"),
      field<&ClusterMemberState::storage_pools>("storage_pools"));
}

}  // namespace api
