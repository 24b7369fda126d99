#include "api/types/instance_debug.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstanceDebugRepairPost) {
  return fields<InstanceDebugRepairPost>(
      field<&InstanceDebugRepairPost::action>("action"));
}

}  // namespace api
