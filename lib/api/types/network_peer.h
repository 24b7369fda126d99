// Wire types of the "network_peer" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkPeerPut {
  std::string description;
  StringMap config;
};

struct NetworkPeersPost : NetworkPeerPut {
  std::string name;
  std::string target_project;
  std::string target_network;
  std::string type;
  std::string target_integration;
};

struct NetworkPeer : NetworkPeerPut {
  std::string name;
  std::string target_project;
  std::string target_network;
  std::string status;
  std::vector<std::string> used_by;
  std::string type;
  std::string target_integration;
};

API_DECLARE(NetworkPeerPut)
API_DECLARE(NetworkPeersPost)
API_DECLARE(NetworkPeer)

}  // namespace api
