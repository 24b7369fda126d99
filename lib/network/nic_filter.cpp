#include "network/nic_filter.h"

#include "base/ip.h"
#include "base/log.h"
#include "core/paths.h"
#include "db/networks.h"
#include "network/acl/acl.h"
#include "network/dnsmasq/allocate.h"
#include "network/dnsmasq/arguments.h"
#include "network/host.h"
#include "network/sysctl.h"
#include "network/types.h"

namespace network {
namespace {

std::string folder_of(const Environment& env, const Network& network) { return env.paths.in_var("networks/" + network.name()); }
bool leases(const FilteredNic& nic) { return nic.network && nic.network->type() == "bridge" && dnsmasq::wanted(nic.network->config()); }
std::string address_of(const StringMap& config, int family) { return split(get_or(config, std::format("ipv{}.address", family)), '/')[0]; }
bool filters(const StringMap& config, int family) { return is_true(get_or(config, std::format("security.ipv{}_filtering", family))); }

Result<std::vector<IpNetwork>> routed(const StringMap& config, int family) {
  std::vector<IpNetwork> nets;
  for (const char* suffix : {"routes", "routes.external"})
    for (const std::string& text : split_list(get_or(config, std::format("ipv{}.{}", family, suffix)))) {
      auto net = IpNetwork::parse(text);
      if (!net) return fail(Code::invalid, "Invalid subnet {}", quote(text));
      nets.push_back(*net);
    }
  return nets;
}

Result<firewall::AllowedSources> allowed_sources(const Context& ctx, const Environment& env, const FilteredNic& nic) {
  firewall::AllowedSources sources{.mac = is_true(get_or(nic.config, "security.mac_filtering"))};
  Reservation chosen = reservation_for(nic, env);
  for (int family : {4, 6}) {
    if (!filters(nic.config, family)) continue;
    (family == 4 ? sources.v4 : sources.v6) = true;
    std::string address = address_of(nic.config, family);
    if (address.empty() && nic.network) {
      auto found = TRY(dnsmasq::choose_address(folder_of(env, *nic.network), nic.network->config(), family, chosen));
      address = found ? found->text() : "none";
      (family == 4 ? chosen.ipv4 : chosen.ipv6) = found ? address : "";
    }
    if (address == "none") continue;
    auto& nets = family == 4 ? sources.v4_nets : sources.v6_nets;
    if (auto ip = IpAddress::parse(address)) nets.push_back(IpNetwork::host(*ip));
    for (const IpNetwork& net : TRY(routed(nic.config, family))) nets.push_back(net);
  }
  if (leases(nic) && (sources.v4 || sources.v6)) TRY(nic.network->reserve(ctx, chosen));
  return sources;
}

/// Name servers that a NIC under ACLs may always ask.
void add_dns(firewall::NicRules& rules, const StringMap& config) {
  for (const std::string& server : split_list(get_or(config, "dns.nameservers")))
    (server.find(':') == std::string::npos ? rules.dns_v4 : rules.dns_v6).push_back(server);
  for (int family : {4, 6})
    if (auto own = IpNetwork::parse(get_or(config, std::format("ipv{}.address", family))))
      (family == 4 ? rules.dns_v4 : rules.dns_v6).push_back(own->address.text());
}

/// Where the ACLs of an instance's project live.
std::string acl_project(const Environment& env, const std::string& project) {
  auto info = env.projects.get(project);
  return info && is_true(get_or(info->config, "features.networks")) ? project : "default";
}

bool names_any(const StringMap& config, const StringList& acls) {
  for (const std::string& name : split_list(get_or(config, "security.acls")))
    if (contains(acls, name)) return true;
  return false;
}

Result<> apply_to_nics(const Context& ctx, const Environment& env, const Record& record, const StringList& acls) {
  const Type* type = TRY(find_type(record.type));
  for (const AttachedNic& nic : TRY(attached_nics(env, record))) {
    std::string fixed = get_or(nic.config, "host_name"), host_name = fixed.empty() ? get_or(nic.volatiles, "host_name") : fixed;
    if (!names_any(nic.config, acls) || !interface_exists(host_name)) continue;
    TRY(apply_nic_filter(ctx, env, {nic.project, nic.instance, nic.device, nic.config, nic.hwaddr(), host_name, type->make(env, record)}));
  }
  return {};
}

}  // namespace

bool wants_filter(const StringMap& config) {
  return is_true(get_or(config, "security.mac_filtering")) || filters(config, 4) || filters(config, 6) || !get_or(config, "security.acls").empty();
}

std::string filter_label(const FilteredNic& nic) { return core::project_prefix(nic.project, nic.instance) + "." + nic.device; }

Reservation reservation_for(const FilteredNic& nic, const Environment& env) {
  auto plain = [&](const char* key) {
    std::string text = get_or(nic.config, key);
    return text == "none" || text.find('/') != std::string::npos ? "" : text;
  };
  Reservation reservation{nic.project, nic.instance, nic.device, nic.hwaddr, plain("ipv4.address"), plain("ipv6.address")};
  if (!nic.network) return reservation;
  bool keep4 = filters(nic.config, 4) && reservation.ipv4.empty(), keep6 = filters(nic.config, 6) && reservation.ipv6.empty();
  if (!keep4 && !keep6) return reservation;
  auto current = dnsmasq::read_host(folder_of(env, *nic.network), dnsmasq::host_file_name(nic.project, nic.instance, nic.device));
  if (current && keep4 && current->v4) reservation.ipv4 = current->v4->text();
  if (current && keep6 && current->v6) reservation.ipv6 = current->v6->text();
  return reservation;
}

Result<> apply_nic_filter(const Context& ctx, const Environment& env, const FilteredNic& nic) {
  if (filters(nic.config, 6)) TRY_CTX(bridge_netfilter(6), "security.ipv6_filtering requires bridge netfilter");
  if (nic.hwaddr.empty()) return fail(Code::internal, "Failed to set network filters: require hwaddr defined");
  firewall::Script script;
  firewall::NicRules rules{.label = filter_label(nic), .host_name = nic.host_name, .hwaddr = to_lower(nic.hwaddr)};
  rules.sources = TRY(allowed_sources(ctx, env, nic));
  rules.acl = TRY(acl::nic_rules(script, env, acl_project(env, nic.project), nic.device, nic.host_name, nic.config));
  if (nic.network) add_dns(rules, nic.network->config());
  firewall::add_nic(script, rules);
  TRY_CTX(script.apply(ctx), "Failed adding bridge filter rules for instance device {}", quote(rules.label));
  return {};
}

void drop_nic_filter(const Context& ctx, const FilteredNic& nic) {
  if (!firewall::available()) return;
  firewall::Script script;
  firewall::drop_nic(script, filter_label(nic));
  if (auto done = script.apply(ctx); !done) log_error("Failed to remove network filters", {{"device", nic.device}, {"error", done.error().message()}});
}

Result<> apply_everywhere(const Context& ctx, const Environment& env, const std::string& project, const StringList& acls) {
  if (!firewall::available() || acls.empty()) return {};
  for (const auto& row : TRY(env.global.read([&](db::Tx& tx) { return db::networks::load_all(tx, project); }))) {
    if (row.type != db::NetworkType::bridge) continue;
    Record record{row.id, row.project, row.name, row.description, "bridge", row.config};
    if (names_any(row.config, acls) && interface_exists(row.name)) {
      firewall::Script script;
      TRY(acl::add_network_rules(script, env, record));
      TRY(script.apply(ctx));
    }
    TRY(apply_to_nics(ctx, env, record, acls));
  }
  return {};
}

}  // namespace network
