#include "api/types/network_forward.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkForwardPort) {
  return fields<NetworkForwardPort>(
      field<&NetworkForwardPort::description>("description"),
      field<&NetworkForwardPort::protocol>("protocol"),
      field<&NetworkForwardPort::listen_port>("listen_port"),
      field<&NetworkForwardPort::target_port>("target_port"),
      field<&NetworkForwardPort::target_address>("target_address"),
      field<&NetworkForwardPort::snat>("snat"));
}

API_TYPE(NetworkForwardPut) {
  return fields<NetworkForwardPut>(
      field<&NetworkForwardPut::description>("description"),
      field<&NetworkForwardPut::config>("config"),
      field<&NetworkForwardPut::ports>("ports"));
}

API_TYPE(NetworkForwardsPost) {
  return fields<NetworkForwardsPost>(
      base<NetworkForwardsPost, NetworkForwardPut>(),
      field<&NetworkForwardsPost::listen_address>("listen_address"));
}

API_TYPE(NetworkForward) {
  return fields<NetworkForward>(
      base<NetworkForward, NetworkForwardPut>(),
      field<&NetworkForward::listen_address>("listen_address"),
      field<&NetworkForward::location>("location"));
}

}  // namespace api
