#include "network/dnsmasq/allocate.h"

#include <filesystem>
#include <set>

namespace network::dnsmasq {
namespace {

std::string key(int family, std::string_view name) { return std::format("ipv{}.{}", family, name); }

std::vector<IpRange> ranges(const StringMap& config, int family) {
  std::vector<IpRange> list;
  for (const std::string& text : split_list(get_or(config, key(family, "dhcp.ranges"))))
    if (auto range = IpRange::parse(text)) list.push_back(*range);
  return list;
}

/// Every address somebody has, by reservation or lease; and the NIC's own, if it has one.
struct Known {
  std::set<IpAddress> used;
  std::optional<IpAddress> own;
};

Known survey(const std::string& folder, const StringMap& config, int family, const Reservation& nic) {
  Known known;
  std::string own_file = host_file_name(nic.project, nic.instance, nic.device);
  auto note = [&](const IpAddress& address, bool own) {
    known.used.insert(address);
    if (own && !known.own && valid_lease(config, family, address)) known.own = address;
  };
  for (const Host& host : read_hosts(folder))
    if (auto address = family == 4 ? host.v4 : host.v6) note(*address, host.file == own_file);
  for (const Lease& lease : read_leases(folder))
    if (lease.address.is_v4() == (family == 4)) note(lease.address, family == 4 && iequals(lease.hwaddr, nic.hwaddr));
  return known;
}

}  // namespace

std::optional<IpNetwork> dhcp_subnet(const StringMap& config, int family) {
  std::string dhcp = get_or(config, key(family, "dhcp"));
  if (!dhcp.empty() && !is_true(dhcp)) return std::nullopt;
  return IpNetwork::parse(get_or(config, key(family, "address")));
}

bool valid_lease(const StringMap& config, int family, const IpAddress& address) {
  auto subnet = IpNetwork::parse(get_or(config, key(family, "address")));
  if (!subnet || !subnet->contains(address) || address == subnet->first()) return false;
  if (family == 4 && address == subnet->last()) return false;
  auto list = ranges(config, family);
  for (const IpRange& range : list)
    if (range.contains(address)) return true;
  return list.empty();
}

Result<std::optional<IpAddress>> choose_address(const std::string& folder, const StringMap& config, int family, const Reservation& nic) {
  auto subnet = dhcp_subnet(config, family);
  if (!subnet || !std::filesystem::exists(folder + "/dnsmasq.leases")) return std::optional<IpAddress>();
  Known known = survey(folder, config, family, nic);
  if (known.own) return known.own;
  known.used.insert(subnet->address);
  auto list = ranges(config, family);
  bool slaac = family == 6 && (!is_true(get_or(config, "ipv6.dhcp.stateful")) || list.empty());
  if (auto mac = parse_mac(nic.hwaddr); slaac && mac)
    if (auto address = subnet->eui64(*mac); address && !known.used.contains(*address)) return address;
  if (list.empty()) list.push_back({subnet->nth(1), subnet->nth(family == 4 ? -2 : -1)});
  for (const IpRange& range : list)
    for (IpAddress address = range.first; address < range.last; address = address.plus(1))
      if (!known.used.contains(address)) return std::optional(address);
  return fail(Code::internal, "No available IP could not be found");
}

}  // namespace network::dnsmasq
