// Who has which address on a bridge: the gateway, reservations, autoconfigured addresses and DHCP leases.
#include "network/attached.h"
#include "network/bridge/bridge.h"
#include "network/dnsmasq/hosts.h"

namespace network::bridge {
namespace {

using Leases = std::vector<api::NetworkLease>;

/// What the NIC has by its config: static addresses, and the one its MAC address leads to.
void add_nic(Leases& leases, const AttachedNic& nic, const StringMap& config) {
  std::string hwaddr = nic.hwaddr();
  auto add = [&](const std::string& address, const char* type) {
    leases.push_back({.hostname = nic.instance, .hwaddr = hwaddr, .address = address, .type = type, .location = nic.location});
  };
  for (const char* key : {"ipv4.address", "ipv6.address"})
    if (auto address = IpAddress::parse(split(get_or(nic.config, key), '/')[0])) add(address->text(), "static");
  auto subnet = IpNetwork::parse(get_or(config, "ipv6.address"));
  auto mac = parse_mac(hwaddr);
  if (!subnet || !mac || is_true(get_or(config, "ipv6.dhcp.stateful"))) return;
  if (auto address = subnet->eui64(*mac)) add(address->text(), "dynamic");
}

}  // namespace

Result<Leases> Bridge::leases(const std::string& instance_project) {
  Leases leases;
  StringList macs;
  if (instance_project == project())
    for (const char* key : {"ipv4.address", "ipv6.address"})
      if (auto net = IpNetwork::parse(value(key))) leases.push_back({.hostname = name() + ".gw", .address = net->address.text(), .type = "gateway"});
  for (const AttachedNic& nic : TRY(attached_nics(env_, record_, instance_project))) {
    if (!nic.hwaddr().empty()) macs.push_back(nic.hwaddr());
    add_nic(leases, nic, config());
  }
  for (const dnsmasq::Lease& lease : dnsmasq::read_leases(folder())) {
    // IPv6 leases don't tell the MAC, so they can't be told apart by project. Client ids of link-layer type end in it.
    std::string hwaddr = lease.hwaddr;
    if (hwaddr.empty() && lease.client_id.size() >= 17) hwaddr = lease.client_id.substr(lease.client_id.size() - 17);
    bool known = false;
    for (const auto& other : leases) known |= other.hwaddr == hwaddr && other.address == lease.address.text();
    if (known) continue;
    if (lease.address.is_v6()) hwaddr.clear();
    if (!hwaddr.empty() && !contains(macs, hwaddr)) continue;
    leases.push_back({.hostname = lease.hostname, .hwaddr = hwaddr, .address = lease.address.text(), .type = "dynamic", .location = env_.server_name});
  }
  return leases;
}

}  // namespace network::bridge
