#include "api/types/instance_port_forward.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstancePortForwardPost) {
  return fields<InstancePortForwardPost>(
      field<&InstancePortForwardPost::address>("address"),
      field<&InstancePortForwardPost::port>("port"));
}

}  // namespace api
