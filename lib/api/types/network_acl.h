// Wire types of the "network_acl" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkACLRule {
  std::string action;
  std::string source;
  std::string destination;
  std::string protocol;
  std::string source_port;
  std::string destination_port;
  std::string icmp_type;
  std::string icmp_code;
  std::string description;
  std::string state;
};

struct NetworkACLPost {
  std::string name;
};

struct NetworkACLPut {
  std::string description;
  std::vector<NetworkACLRule> egress;
  std::vector<NetworkACLRule> ingress;
  StringMap config;
};

struct NetworkACL : NetworkACLPost, NetworkACLPut {
  std::vector<std::string> used_by;
  std::string project;
};

struct NetworkACLsPost : NetworkACLPost, NetworkACLPut {
};

API_DECLARE(NetworkACLRule)
API_DECLARE(NetworkACLPost)
API_DECLARE(NetworkACLPut)
API_DECLARE(NetworkACL)
API_DECLARE(NetworkACLsPost)

}  // namespace api
