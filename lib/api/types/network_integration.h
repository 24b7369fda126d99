// Wire types of the "network_integration" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkIntegrationPut {
  std::string description;
  StringMap config;
};

struct NetworkIntegrationsPost : NetworkIntegrationPut {
  std::string name;
  std::string type;
};

struct NetworkIntegration : NetworkIntegrationPut {
  std::string name;
  std::string type;
  std::vector<std::string> used_by;
};

struct NetworkIntegrationPost {
  std::string name;
};

API_DECLARE(NetworkIntegrationPut)
API_DECLARE(NetworkIntegrationsPost)
API_DECLARE(NetworkIntegration)
API_DECLARE(NetworkIntegrationPost)

}  // namespace api
