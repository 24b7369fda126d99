#include "api/types/instance_state.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstanceStatePut) {
  return fields<InstanceStatePut>(
      field<&InstanceStatePut::action>("action"),
      field<&InstanceStatePut::timeout>("timeout"),
      field<&InstanceStatePut::force>("force"),
      field<&InstanceStatePut::stateful>("stateful"));
}

API_TYPE(InstanceStateCPU) {
  return fields<InstanceStateCPU>(
      field<&InstanceStateCPU::usage>("usage"),
      field<&InstanceStateCPU::allocated_time>("allocated_time"));
}

API_TYPE(InstanceStateDisk) {
  return fields<InstanceStateDisk>(
      field<&InstanceStateDisk::usage>("usage"),
      field<&InstanceStateDisk::total>("total"));
}

API_TYPE(InstanceStateMemory) {
  return fields<InstanceStateMemory>(
      field<&InstanceStateMemory::usage>("usage"),
      field<&InstanceStateMemory::usage_peak>("usage_peak"),
      field<&InstanceStateMemory::total>("total"),
      field<&InstanceStateMemory::swap_usage>("swap_usage"),
      field<&InstanceStateMemory::swap_usage_peak>("swap_usage_peak"));
}

API_TYPE(InstanceStateNetworkAddress) {
  return fields<InstanceStateNetworkAddress>(
      field<&InstanceStateNetworkAddress::family>("family"),
      field<&InstanceStateNetworkAddress::address>("address"),
      field<&InstanceStateNetworkAddress::netmask>("netmask"),
      field<&InstanceStateNetworkAddress::scope>("scope"));
}

API_TYPE(InstanceStateNetworkCounters) {
  return fields<InstanceStateNetworkCounters>(
      field<&InstanceStateNetworkCounters::bytes_received>("bytes_received"),
      field<&InstanceStateNetworkCounters::bytes_sent>("bytes_sent"),
      field<&InstanceStateNetworkCounters::packets_received>("packets_received"),
      field<&InstanceStateNetworkCounters::packets_sent>("packets_sent"),
      field<&InstanceStateNetworkCounters::errors_received>("errors_received"),
      field<&InstanceStateNetworkCounters::errors_sent>("errors_sent"),
      field<&InstanceStateNetworkCounters::packets_dropped_outbound>("packets_dropped_outbound"),
      field<&InstanceStateNetworkCounters::packets_dropped_inbound>("packets_dropped_inbound"));
}

API_TYPE(InstanceStateNetwork) {
  return fields<InstanceStateNetwork>(
      field<&InstanceStateNetwork::addresses>("addresses"),
      field<&InstanceStateNetwork::counters>("counters"),
      field<&InstanceStateNetwork::hwaddr>("hwaddr"),
      field<&InstanceStateNetwork::host_name>("host_name"),
      field<&InstanceStateNetwork::mtu>("mtu"),
      field<&InstanceStateNetwork::state>("state"),
      field<&InstanceStateNetwork::type>("type"));
}

API_TYPE(InstanceStateOSInfo) {
  return fields<InstanceStateOSInfo>(
      field<&InstanceStateOSInfo::os>("os"),
      field<&InstanceStateOSInfo::os_version>("os_version"),
      field<&InstanceStateOSInfo::kernel_version>("kernel_version"),
      field<&InstanceStateOSInfo::hostname>("hostname"),
      field<&InstanceStateOSInfo::fqdn>("fqdn"));
}

API_TYPE(InstanceState) {
  return fields<InstanceState>(
      field<&InstanceState::status>("status"),
      field<&InstanceState::status_code>("status_code"),
      field<&InstanceState::disk>("disk"),
      field<&InstanceState::memory>("memory"),
      field<&InstanceState::network>("network"),
      field<&InstanceState::pid>("pid"),
      field<&InstanceState::processes>("processes"),
      field<&InstanceState::cpu>("cpu"),
      field<&InstanceState::started_at>("started_at"),
      field<&InstanceState::os_info>("os_info"));
}

}  // namespace api
