#include "api/types/network.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkPut) {
  return fields<NetworkPut>(
      field<&NetworkPut::config>("config"),
      field<&NetworkPut::description>("description"));
}

API_TYPE(NetworksPost) {
  return fields<NetworksPost>(
      base<NetworksPost, NetworkPut>(),
      field<&NetworksPost::name>("name"),
      field<&NetworksPost::type>("type"));
}

API_TYPE(NetworkPost) {
  return fields<NetworkPost>(
      field<&NetworkPost::name>("name"));
}

API_TYPE(Network) {
  return fields<Network>(
      base<Network, NetworkPut>(),
      field<&Network::name>("name"),
      field<&Network::type>("type"),
      field<&Network::used_by>("used_by"),
      field<&Network::managed>("managed"),
      field<&Network::status>("status"),
      field<&Network::locations>("locations"),
      field<&Network::project>("project"));
}

API_TYPE(NetworkLease) {
  return fields<NetworkLease>(
      field<&NetworkLease::hostname>("hostname"),
      field<&NetworkLease::hwaddr>("hwaddr"),
      field<&NetworkLease::address>("address"),
      field<&NetworkLease::type>("type"),
      field<&NetworkLease::location>("location"));
}

API_TYPE(NetworkStateAddress) {
  return fields<NetworkStateAddress>(
      field<&NetworkStateAddress::family>("family"),
      field<&NetworkStateAddress::address>("address"),
      field<&NetworkStateAddress::netmask>("netmask"),
      field<&NetworkStateAddress::scope>("scope"));
}

API_TYPE(NetworkStateBond) {
  return fields<NetworkStateBond>(
      field<&NetworkStateBond::mode>("mode"),
      field<&NetworkStateBond::transmit_policy>("transmit_policy"),
      field<&NetworkStateBond::up_delay>("up_delay"),
      field<&NetworkStateBond::down_delay>("down_delay"),
      field<&NetworkStateBond::mii_frequency>("mii_frequency"),
      field<&NetworkStateBond::mii_state>("mii_state"),
      field<&NetworkStateBond::lower_devices>("lower_devices"));
}

API_TYPE(NetworkStateBridge) {
  return fields<NetworkStateBridge>(
      field<&NetworkStateBridge::id>("id"),
      field<&NetworkStateBridge::stp>("stp"),
      field<&NetworkStateBridge::forward_delay>("forward_delay"),
      field<&NetworkStateBridge::vlan_default>("vlan_default"),
      field<&NetworkStateBridge::vlan_filtering>("vlan_filtering"),
      field<&NetworkStateBridge::upper_devices>("upper_devices"));
}

API_TYPE(NetworkStateCounters) {
  return fields<NetworkStateCounters>(
      field<&NetworkStateCounters::bytes_received>("bytes_received"),
      field<&NetworkStateCounters::bytes_sent>("bytes_sent"),
      field<&NetworkStateCounters::packets_received>("packets_received"),
      field<&NetworkStateCounters::packets_sent>("packets_sent"));
}

API_TYPE(NetworkStateOVN) {
  return fields<NetworkStateOVN>(
      field<&NetworkStateOVN::chassis>("chassis"),
      field<&NetworkStateOVN::logical_router>("logical_router"),
      field<&NetworkStateOVN::logical_switch>("logical_switch"),
      field<&NetworkStateOVN::uplink_ipv4>("uplink_ipv4"),
      field<&NetworkStateOVN::uplink_ipv6>("uplink_ipv6"));
}

API_TYPE(NetworkStateVLAN) {
  return fields<NetworkStateVLAN>(
      field<&NetworkStateVLAN::lower_device>("lower_device"),
      field<&NetworkStateVLAN::vid>("vid"));
}

API_TYPE(NetworkState) {
  return fields<NetworkState>(
      field<&NetworkState::addresses>("addresses"),
      field<&NetworkState::counters>("counters"),
      field<&NetworkState::hwaddr>("hwaddr"),
      field<&NetworkState::mtu>("mtu"),
      field<&NetworkState::state>("state"),
      field<&NetworkState::type>("type"),
      field<&NetworkState::bond>("bond"),
      field<&NetworkState::bridge>("bridge"),
      field<&NetworkState::vlan>("vlan"),
      field<&NetworkState::ovn>("ovn"));
}

}  // namespace api
