#include "api/types/network_peer.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkPeerPut) {
  return fields<NetworkPeerPut>(
      field<&NetworkPeerPut::description>("description"),
      field<&NetworkPeerPut::config>("config"));
}

API_TYPE(NetworkPeersPost) {
  return fields<NetworkPeersPost>(
      base<NetworkPeersPost, NetworkPeerPut>(),
      field<&NetworkPeersPost::name>("name"),
      field<&NetworkPeersPost::target_project>("target_project", kOmitEmpty),
      field<&NetworkPeersPost::target_network>("target_network", kOmitEmpty),
      field<&NetworkPeersPost::type>("type"),
      field<&NetworkPeersPost::target_integration>("target_integration", kOmitEmpty));
}

API_TYPE(NetworkPeer) {
  return fields<NetworkPeer>(
      base<NetworkPeer, NetworkPeerPut>(),
      field<&NetworkPeer::name>("name"),
      field<&NetworkPeer::target_project>("target_project", kOmitEmpty),
      field<&NetworkPeer::target_network>("target_network", kOmitEmpty),
      field<&NetworkPeer::status>("status"),
      field<&NetworkPeer::used_by>("used_by"),
      field<&NetworkPeer::type>("type"),
      field<&NetworkPeer::target_integration>("target_integration", kOmitEmpty));
}

}  // namespace api
