// Wire types of the "network_forward" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkForwardPort {
  std::string description;
  std::string protocol;
  std::string listen_port;
  std::string target_port;
  std::string target_address;
  bool snat = false;
};

struct NetworkForwardPut {
  std::string description;
  StringMap config;
  std::vector<NetworkForwardPort> ports;
};

struct NetworkForwardsPost : NetworkForwardPut {
  std::string listen_address;
};

struct NetworkForward : NetworkForwardPut {
  std::string listen_address;
  std::string location;
};

API_DECLARE(NetworkForwardPort)
API_DECLARE(NetworkForwardPut)
API_DECLARE(NetworkForwardsPost)
API_DECLARE(NetworkForward)

}  // namespace api
