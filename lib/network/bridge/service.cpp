// Firewall rules and DHCP/DNS service of a bridge, and the reservations of its NICs.
#include <sys/stat.h>

#include <filesystem>

#include "base/log.h"
#include "core/paths.h"
#include "network/acl/acl.h"
#include "network/attached.h"
#include "network/bridge/bridge.h"
#include "network/dnsmasq/arguments.h"
#include "network/dnsmasq/hosts.h"
#include "network/dnsmasq/process.h"
#include "network/forward/forward.h"
#include "sys/unprivileged.h"

namespace network::bridge {

Result<firewall::NetworkRules> Bridge::rules() const {
  firewall::NetworkRules rules{.network = name(), .acl = !value("security.acls").empty()};
  for (int family : {4, 6}) {
    std::string prefix = family == 4 ? "ipv4." : "ipv6.";
    firewall::FamilyRules& wanted = family == 4 ? rules.v4 : rules.v6;
    auto own = TRY(own_address(family));
    if (!own) continue;
    wanted.firewall = on_by_default(prefix + "firewall");
    wanted.forwarding = on_by_default(prefix + "routing");
    wanted.services = on_by_default(prefix + "dhcp");
    if (is_true(value(prefix + "nat"))) wanted.nat = {*own, IpAddress::parse(value(prefix + "nat.address"))};
  }
  return rules;
}

Result<> Bridge::apply_firewall(const Context& ctx) {
  if (!firewall::available()) {
    log_warn(firewall::kMissing, {{"network", name()}});
    return {};
  }
  firewall::Script script;
  firewall::add_network(script, TRY(rules()));
  TRY_CTX(acl::add_network_rules(script, env_, record_), "Failed applying network ACLs");
  TRY_CTX(forward::add_network_forwards(script, env_, record_), "Failed loading network forwards");
  TRY_CTX(script.apply(ctx), "Failed to setup firewall");
  return {};
}

Result<> Bridge::apply_dnsmasq(const Context& ctx) {
  dnsmasq::Process process(folder(), log_file());
  if (!dnsmasq::wanted(config())) {
    TRY(process.stop(ctx));
    ::unlink((folder() + "/dnsmasq.leases").c_str());
    return {};
  }
  if (!dnsmasq::available()) {
    log_warn(dnsmasq::kMissing, {{"network", name()}});
    return {};
  }
  sys::Unprivileged whom = sys::unprivileged();
  dnsmasq::Setup setup{.interface = name(),
                       .folder = folder(),
                       .config = config(),
                       .v4 = TRY(own_address(4)),
                       .v6 = TRY(own_address(6)),
                       .mtu = mtu(),
                       .debug = env_.debug,
                       .user = whom.user,
                       .group = whom.group};
  // Given as --conf-file even if empty: it keeps the host's /etc/dnsmasq.conf out.
  std::string settings = value("raw.dnsmasq") + "\n";
  TRY(write_file_atomic(folder() + "/dnsmasq.raw", settings, 0644));
  TRY(write_hosts());
  return process.ensure(ctx, dnsmasq::arguments(setup), settings);
}

Result<> Bridge::write_hosts() {
  std::string hosts = dnsmasq::hosts_folder(folder());
  std::error_code error;
  std::filesystem::create_directories(hosts, error);
  ::chmod(hosts.c_str(), 0755);
  std::vector<Reservation> reservations;
  for (const AttachedNic& nic : TRY(attached_nics(env_, record_))) reservations.push_back(reservation_of(nic));
  return dnsmasq::replace_hosts(folder(), config(), reservations);
}

Result<> Bridge::reserve(const Context&, const Reservation& reservation) {
  if (!std::filesystem::exists(dnsmasq::hosts_folder(folder()))) return {};
  TRY(dnsmasq::write_host(folder(), config(), reservation));
  return dnsmasq::Process(folder(), log_file()).reload();
}

Result<> Bridge::release(const Context&, const std::string& project, const std::string& instance, const std::string& device) {
  if (!dnsmasq::remove_host(folder(), project, instance, device)) return {};
  return dnsmasq::Process(folder(), log_file()).reload();
}

}  // namespace network::bridge
