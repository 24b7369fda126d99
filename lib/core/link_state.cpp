#include "core/link_state.h"

#include <net/if.h>
#include <sys/socket.h>

namespace core {
namespace {

std::string address_scope(const std::string& address) {
  if (address.starts_with("127") || address == "::1") return "local";
  if (address.starts_with("169.254") || address.starts_with("fe80:")) return "link";
  return "global";
}

}  // namespace

api::InstanceStateNetwork link_state(const sys::Link& link) {
  api::InstanceStateNetwork state;
  state.mtu = link.mtu;
  state.state = link.up() ? "up" : "down";
  state.type = link.flags & IFF_POINTOPOINT ? "point-to-point" : link.flags & IFF_LOOPBACK ? "loopback" : link.flags & IFF_BROADCAST ? "broadcast" : "unknown";
  if (!(link.flags & IFF_LOOPBACK)) state.hwaddr = link.hwaddr;
  const sys::LinkStats& stats = link.stats;
  state.counters.bytes_received = static_cast<int64_t>(stats.rx_bytes);
  state.counters.bytes_sent = static_cast<int64_t>(stats.tx_bytes);
  state.counters.packets_received = static_cast<int64_t>(stats.rx_packets);
  state.counters.packets_sent = static_cast<int64_t>(stats.tx_packets);
  state.counters.errors_received = static_cast<int64_t>(stats.rx_errors);
  state.counters.errors_sent = static_cast<int64_t>(stats.tx_errors);
  state.counters.packets_dropped_inbound = static_cast<int64_t>(stats.rx_dropped);
  state.counters.packets_dropped_outbound = static_cast<int64_t>(stats.tx_dropped);
  for (const sys::LinkAddress& address : link.addresses) {
    state.addresses.push_back({.family = address.family == AF_INET6 ? "inet6" : "inet", .address = address.local, .netmask = std::to_string(address.prefix),
                               .scope = address_scope(address.local)});
  }
  return state;
}

api::InstanceStateNetwork far_end_state(const sys::Link& link) {
  api::InstanceStateNetwork state = link_state(link);
  auto& counters = state.counters;
  std::swap(counters.bytes_received, counters.bytes_sent);
  std::swap(counters.packets_received, counters.packets_sent);
  std::swap(counters.errors_received, counters.errors_sent);
  std::swap(counters.packets_dropped_inbound, counters.packets_dropped_outbound);
  state.addresses.clear();
  state.host_name = link.name;
  return state;
}

}  // namespace core
