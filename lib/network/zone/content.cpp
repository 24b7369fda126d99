#include "network/zone/content.h"

#include <ctime>

#include "base/ip.h"
#include "core/project_cache.h"

namespace network::zone {
namespace {

std::string without_dot(std::string_view name) {
  std::string text(trim(name));
  if (text.ends_with('.')) text.pop_back();
  return text;
}

StringList nameservers(const Zone& zone) {
  StringList list;
  for (const std::string& item : split_list(get_or(zone.config, "dns.nameservers"))) list.push_back(without_dot(item));
  return list;
}

/// "42.2.0.192.in-addr.arpa", "…ip6.arpa".
std::string reverse_name(const IpAddress& address) {
  std::string out;
  for (size_t i = address.size(); i-- > 0;) {
    unsigned byte = address.bytes()[i];
    out += address.is_v4() ? std::format("{}.", byte) : std::format("{:x}.{:x}.", byte & 15, byte >> 4);
  }
  return out + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

/// Projects whose instances the zone names: its own, and for the default project all without zones of their own.
Result<StringList> instance_projects(const Environment& env, const Zone& zone) {
  StringList projects = {zone.project};
  if (zone.project != "default") return projects;
  for (const auto& [name, info] : *TRY(env.projects.all()))
    if (name != "default" && !is_true(get_or(info.config, "features.networks.zones"))) projects.push_back(name);
  return projects;
}

class Builder {
 public:
  Builder(Networks& networks, const Zone& zone) : networks_(networks), env_(networks.environment()), zone_(zone) {
    reverse4_ = zone.name.ends_with("in-addr.arpa");
    reverse6_ = zone.name.ends_with("ip6.arpa");
    std::string nat = get_or(zone.config, "network.nat");
    nat_ = nat.empty() || is_true(nat);
  }

  Result<std::vector<DnsRecord>> run() {
    out_.push_back(authority(zone_));
    for (const std::string& server : nameservers(zone_)) out_.push_back({zone_.name, 300, "NS", server + "."});
    StringList projects = TRY(instance_projects(env_, zone_));
    for (const auto& record : TRY(networks_.list("")))
      if (uses(record.config)) TRY(add_network(record, projects));
    for (const Record& record : TRY(load_records(env_, zone_)))
      for (const auto& entry : record.entries)
        out_.push_back({record.name == "@" ? zone_.name : record.name + "." + zone_.name, entry.ttl ? static_cast<uint32_t>(entry.ttl) : 300, entry.type,
                        entry.value});
    out_.push_back(authority(zone_));
    return std::move(out_);
  }

 private:
  bool uses(const StringMap& config) const {
    for (const char* key : {"dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"})
      if (contains(split_list(get_or(config, key)), zone_.name)) return true;
    return false;
  }

  Result<> add_network(const network::Record& record, const StringList& projects) {
    auto network = TRY(networks_.load(record.project, record.name));
    StringList forward = split_list(get_or(record.config, "dns.zone.forward"));
    for (const std::string& project : projects) {
      auto leases = network->leases(project);
      if (!leases) continue;  // a type without leases
      for (const auto& lease : *leases) {
        auto address = IpAddress::parse(lease.address);
        if (!address || lease.hostname.empty()) continue;
        if (!nat_ && is_true(get_or(record.config, address->is_v4() ? "ipv4.nat" : "ipv6.nat"))) continue;
        if (!reverse4_ && !reverse6_) {
          out_.push_back({lease.hostname + "." + zone_.name, 300, address->is_v4() ? "A" : "AAAA", address->text()});
        } else if (address->is_v4() ? reverse4_ : reverse6_) {
          for (const std::string& name : forward)
            if (TRY(in_projects(name, projects))) out_.push_back({reverse_name(*address), 300, "PTR", lease.hostname + "." + name + "."});
        }
      }
    }
    return {};
  }

  Result<bool> in_projects(const std::string& forward, const StringList& projects) {
    for (const Zone& zone : TRY(load_all(env_, "")))
      if (zone.name == forward) return contains(projects, zone.project);
    return false;
  }

  Networks& networks_;
  const Environment& env_;
  const Zone& zone_;
  bool reverse4_, reverse6_, nat_;
  std::vector<DnsRecord> out_;
};

}  // namespace

DnsRecord authority(const Zone& zone) {
  StringList servers = nameservers(zone);
  std::string primary = servers.empty() ? zone.name : servers[0], contact = without_dot(get_or(zone.config, "dns.contact"));
  if (contact.empty()) contact = "hostmaster." + primary;
  return {zone.name, 3600, "SOA", std::format("{}. {}. {} 120 60 86400 30", primary, contact, std::time(nullptr))};
}

Result<std::vector<DnsRecord>> content(Networks& networks, const Zone& zone) { return Builder(networks, zone).run(); }

}  // namespace network::zone
