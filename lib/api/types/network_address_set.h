// Wire types of the "network_address_set" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkAddressSetPost {
  std::string name;
};

struct NetworkAddressSetPut {
  std::vector<std::string> addresses;
  StringMap config;
  std::string description;
};

struct NetworkAddressSetsPost : NetworkAddressSetPut, NetworkAddressSetPost {
};

struct NetworkAddressSet : NetworkAddressSetPut, NetworkAddressSetPost {
  std::vector<std::string> used_by;
  std::string project;
};

API_DECLARE(NetworkAddressSetPost)
API_DECLARE(NetworkAddressSetPut)
API_DECLARE(NetworkAddressSetsPost)
API_DECLARE(NetworkAddressSet)

}  // namespace api
