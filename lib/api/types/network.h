// Wire types of the "network" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkPut {
  StringMap config;
  std::string description;
};

struct NetworksPost : NetworkPut {
  std::string name;
  std::string type;
};

struct NetworkPost {
  std::string name;
};

struct Network : NetworkPut {
  std::string name;
  std::string type;
  std::vector<std::string> used_by;
  bool managed = false;
  std::string status;
  std::vector<std::string> locations;
  std::string project;
};

struct NetworkLease {
  std::string hostname;
  std::string hwaddr;
  std::string address;
  std::string type;
  std::string location;
};

struct NetworkStateAddress {
  std::string family;
  std::string address;
  std::string netmask;
  std::string scope;
};

struct NetworkStateBond {
  std::string mode;
  std::string transmit_policy;
  uint64_t up_delay = 0;
  uint64_t down_delay = 0;
  uint64_t mii_frequency = 0;
  std::string mii_state;
  std::vector<std::string> lower_devices;
};

struct NetworkStateBridge {
  std::string id;
  bool stp = false;
  uint64_t forward_delay = 0;
  uint64_t vlan_default = 0;
  bool vlan_filtering = false;
  std::vector<std::string> upper_devices;
};

struct NetworkStateCounters {
  int64_t bytes_received = 0;
  int64_t bytes_sent = 0;
  int64_t packets_received = 0;
  int64_t packets_sent = 0;
};

struct NetworkStateOVN {
  std::string chassis;
  std::string logical_router;
  std::string logical_switch;
  std::string uplink_ipv4;
  std::string uplink_ipv6;
};

struct NetworkStateVLAN {
  std::string lower_device;
  uint64_t vid = 0;
};

struct NetworkState {
  std::vector<NetworkStateAddress> addresses;
  std::optional<NetworkStateCounters> counters;
  std::string hwaddr;
  int64_t mtu = 0;
  std::string state;
  std::string type;
  std::optional<NetworkStateBond> bond;
  std::optional<NetworkStateBridge> bridge;
  std::optional<NetworkStateVLAN> vlan;
  std::optional<NetworkStateOVN> ovn;
};

API_DECLARE(NetworkPut)
API_DECLARE(NetworksPost)
API_DECLARE(NetworkPost)
API_DECLARE(Network)
API_DECLARE(NetworkLease)
API_DECLARE(NetworkStateAddress)
API_DECLARE(NetworkStateBond)
API_DECLARE(NetworkStateBridge)
API_DECLARE(NetworkStateCounters)
API_DECLARE(NetworkStateOVN)
API_DECLARE(NetworkStateVLAN)
API_DECLARE(NetworkState)

}  // namespace api
