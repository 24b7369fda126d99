#include "api/types/network_load_balancer.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkLoadBalancerBackend) {
  return fields<NetworkLoadBalancerBackend>(
      field<&NetworkLoadBalancerBackend::name>("name"),
      field<&NetworkLoadBalancerBackend::description>("description"),
      field<&NetworkLoadBalancerBackend::target_port>("target_port"),
      field<&NetworkLoadBalancerBackend::target_address>("target_address"));
}

API_TYPE(NetworkLoadBalancerPort) {
  return fields<NetworkLoadBalancerPort>(
      field<&NetworkLoadBalancerPort::description>("description"),
      field<&NetworkLoadBalancerPort::protocol>("protocol"),
      field<&NetworkLoadBalancerPort::listen_port>("listen_port"),
      field<&NetworkLoadBalancerPort::target_backend>("target_backend"));
}

API_TYPE(NetworkLoadBalancerPut) {
  return fields<NetworkLoadBalancerPut>(
      field<&NetworkLoadBalancerPut::description>("description"),
      field<&NetworkLoadBalancerPut::config>("config"),
      field<&NetworkLoadBalancerPut::backends>("backends"),
      field<&NetworkLoadBalancerPut::ports>("ports"));
}

API_TYPE(NetworkLoadBalancersPost) {
  return fields<NetworkLoadBalancersPost>(
      base<NetworkLoadBalancersPost, NetworkLoadBalancerPut>(),
      field<&NetworkLoadBalancersPost::listen_address>("listen_address"));
}

API_TYPE(NetworkLoadBalancer) {
  return fields<NetworkLoadBalancer>(
      base<NetworkLoadBalancer, NetworkLoadBalancerPut>(),
      field<&NetworkLoadBalancer::listen_address>("listen_address"),
      field<&NetworkLoadBalancer::location>("location"));
}

API_TYPE(NetworkLoadBalancerStateBackendHealthPort) {
  return fields<NetworkLoadBalancerStateBackendHealthPort>(
      field<&NetworkLoadBalancerStateBackendHealthPort::protocol>("protocol"),
      field<&NetworkLoadBalancerStateBackendHealthPort::port>("port"),
      field<&NetworkLoadBalancerStateBackendHealthPort::status>("status"));
}

API_TYPE(NetworkLoadBalancerStateBackendHealth) {
  return fields<NetworkLoadBalancerStateBackendHealth>(
      field<&NetworkLoadBalancerStateBackendHealth::address>("address"),
      field<&NetworkLoadBalancerStateBackendHealth::ports>("ports"));
}

API_TYPE(NetworkLoadBalancerState) {
  return fields<NetworkLoadBalancerState>(
      field<&NetworkLoadBalancerState::backend_health>("backend_health"));
}

}  // namespace api
