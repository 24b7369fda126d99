#include "api/all_types.h"

#include "api/types/access.h"
#include "api/types/certificate.h"
#include "api/types/cluster.h"
#include "api/types/cluster_state.h"
#include "api/types/error.h"
#include "api/types/event.h"
#include "api/types/image.h"
#include "api/types/init.h"
#include "api/types/instance.h"
#include "api/types/instance_backup.h"
#include "api/types/instance_console.h"
#include "api/types/instance_debug.h"
#include "api/types/instance_exec.h"
#include "api/types/instance_nvram.h"
#include "api/types/instance_port_forward.h"
#include "api/types/instance_snapshot.h"
#include "api/types/instance_state.h"
#include "api/types/network.h"
#include "api/types/network_acl.h"
#include "api/types/network_address_set.h"
#include "api/types/network_allocation.h"
#include "api/types/network_forward.h"
#include "api/types/network_integration.h"
#include "api/types/network_load_balancer.h"
#include "api/types/network_peer.h"
#include "api/types/network_zone.h"
#include "api/types/operation.h"
#include "api/types/profile.h"
#include "api/types/project.h"
#include "api/types/resource.h"
#include "api/types/response.h"
#include "api/types/server.h"
#include "api/types/storage_pool.h"
#include "api/types/storage_pool_bucket.h"
#include "api/types/storage_pool_bucket_backup.h"
#include "api/types/storage_pool_volume.h"
#include "api/types/storage_pool_volume_backup.h"
#include "api/types/storage_pool_volume_bitmap.h"
#include "api/types/storage_pool_volume_snapshot.h"
#include "api/types/storage_pool_volume_state.h"
#include "api/types/warning.h"

namespace api {

std::span<const NamedType> all_types() {
  static const NamedType kAll[] = {
#define TYPE(name) {#name, &type_info<name>()},
#include "api/all_types.def"
#undef TYPE
  };
  return kAll;
}

}  // namespace api
