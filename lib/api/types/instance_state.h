// Wire types of the "instance_state" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstanceStatePut {
  std::string action;
  int64_t timeout = 0;
  bool force = false;
  bool stateful = false;
};

struct InstanceStateCPU {
  int64_t usage = 0;
  int64_t allocated_time = 0;
};

struct InstanceStateDisk {
  int64_t usage = 0;
  int64_t total = 0;
};

struct InstanceStateMemory {
  int64_t usage = 0;
  int64_t usage_peak = 0;
  int64_t total = 0;
  int64_t swap_usage = 0;
  int64_t swap_usage_peak = 0;
};

struct InstanceStateNetworkAddress {
  std::string family;
  std::string address;
  std::string netmask;
  std::string scope;
};

struct InstanceStateNetworkCounters {
  int64_t bytes_received = 0;
  int64_t bytes_sent = 0;
  int64_t packets_received = 0;
  int64_t packets_sent = 0;
  int64_t errors_received = 0;
  int64_t errors_sent = 0;
  int64_t packets_dropped_outbound = 0;
  int64_t packets_dropped_inbound = 0;
};

struct InstanceStateNetwork {
  std::vector<InstanceStateNetworkAddress> addresses;
  InstanceStateNetworkCounters counters;
  std::string hwaddr;
  std::string host_name;
  int64_t mtu = 0;
  std::string state;
  std::string type;
};

struct InstanceStateOSInfo {
  std::string os;
  std::string os_version;
  std::string kernel_version;
  std::string hostname;
  std::string fqdn;
};

struct InstanceState {
  std::string status;
  int64_t status_code = 0;
  std::map<std::string, InstanceStateDisk> disk;
  InstanceStateMemory memory;
  std::map<std::string, InstanceStateNetwork> network;
  int64_t pid = 0;
  int64_t processes = 0;
  InstanceStateCPU cpu;
  Timestamp started_at;
  std::optional<InstanceStateOSInfo> os_info;
};

API_DECLARE(InstanceStatePut)
API_DECLARE(InstanceStateCPU)
API_DECLARE(InstanceStateDisk)
API_DECLARE(InstanceStateMemory)
API_DECLARE(InstanceStateNetworkAddress)
API_DECLARE(InstanceStateNetworkCounters)
API_DECLARE(InstanceStateNetwork)
API_DECLARE(InstanceStateOSInfo)
API_DECLARE(InstanceState)

}  // namespace api
