// Wire types of the "instance_port_forward" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstancePortForwardPost {
  std::string address;
  int64_t port = 0;
};

API_DECLARE(InstancePortForwardPost)

}  // namespace api
