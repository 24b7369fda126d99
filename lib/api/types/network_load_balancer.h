// Wire types of the "network_load_balancer" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkLoadBalancerBackend {
  std::string name;
  std::string description;
  std::string target_port;
  std::string target_address;
};

struct NetworkLoadBalancerPort {
  std::string description;
  std::string protocol;
  std::string listen_port;
  std::vector<std::string> target_backend;
};

struct NetworkLoadBalancerPut {
  std::string description;
  StringMap config;
  std::vector<NetworkLoadBalancerBackend> backends;
  std::vector<NetworkLoadBalancerPort> ports;
};

struct NetworkLoadBalancersPost : NetworkLoadBalancerPut {
  std::string listen_address;
};

struct NetworkLoadBalancer : NetworkLoadBalancerPut {
  std::string listen_address;
  std::string location;
};

struct NetworkLoadBalancerStateBackendHealthPort {
  std::string protocol;
  int64_t port = 0;
  std::string status;
};

struct NetworkLoadBalancerStateBackendHealth {
  std::string address;
  std::vector<NetworkLoadBalancerStateBackendHealthPort> ports;
};

struct NetworkLoadBalancerState {
  std::map<std::string, NetworkLoadBalancerStateBackendHealth> backend_health;
};

API_DECLARE(NetworkLoadBalancerBackend)
API_DECLARE(NetworkLoadBalancerPort)
API_DECLARE(NetworkLoadBalancerPut)
API_DECLARE(NetworkLoadBalancersPost)
API_DECLARE(NetworkLoadBalancer)
API_DECLARE(NetworkLoadBalancerStateBackendHealthPort)
API_DECLARE(NetworkLoadBalancerStateBackendHealth)
API_DECLARE(NetworkLoadBalancerState)

}  // namespace api
