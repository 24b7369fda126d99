#include "api/types/network_allocation.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkAllocations) {
  return fields<NetworkAllocations>(
      field<&NetworkAllocations::addresses>("addresses"),
      field<&NetworkAllocations::hwaddr>("hwaddr"),
      field<&NetworkAllocations::nat>("nat"),
      field<&NetworkAllocations::type>("type"),
      field<&NetworkAllocations::used_by>("used_by"),
      field<&NetworkAllocations::network>("network"));
}

}  // namespace api
