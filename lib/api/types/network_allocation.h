// Wire types of the "network_allocation" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkAllocations {
  std::string addresses;
  std::string hwaddr;
  bool nat = false;
  std::string type;
  std::string used_by;
  std::string network;
};

API_DECLARE(NetworkAllocations)

}  // namespace api
