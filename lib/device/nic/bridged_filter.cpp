// Spoofing protection of bridged NICs.
#include "base/ip.h"
#include "base/log.h"
#include "device/nic/bridged.h"
#include "network/dnsmasq/allocate.h"
#include "network/host.h"

namespace device::nic {
namespace {

Result<std::vector<IpNetwork>> route_nets(const StringMap& config, int family) {
  std::vector<IpNetwork> nets;
  for (const char* suffix : {"routes", "routes.external"})
    for (const std::string& text : split_list(get_or(config, std::format("ipv{}.{}", family, suffix)))) {
      auto net = IpNetwork::parse(text);
      if (!net) return fail(Code::invalid, "Invalid subnet {}", quote(text));
      nets.push_back(*net);
    }
  return nets;
}

}  // namespace

Result<network::firewall::AllowedSources> Bridged::allowed_sources(const Context& ctx) {
  network::firewall::AllowedSources sources{.mac = flag("security.mac_filtering")};
  network::Reservation chosen = network_ ? reservation() : network::Reservation();
  for (int family : {4, 6}) {
    if (!flag(std::format("security.ipv{}_filtering", family))) continue;
    (family == 4 ? sources.v4 : sources.v6) = true;
    std::string address = split(value(std::format("ipv{}.address", family)), '/')[0];
    if (address.empty() && network_) {
      auto found = TRY(network::dnsmasq::choose_address(folder(), network_->config(), family, chosen));
      address = found ? found->text() : "none";
      (family == 4 ? chosen.ipv4 : chosen.ipv6) = found ? address : "";
    }
    if (address == "none") continue;
    auto& nets = family == 4 ? sources.v4_nets : sources.v6_nets;
    if (auto ip = IpAddress::parse(address)) nets.push_back(IpNetwork::host(*ip));
    for (const IpNetwork& net : TRY(route_nets(config_, family))) nets.push_back(net);
  }
  if (uses_dnsmasq() && (sources.v4 || sources.v6)) TRY(network_->reserve(ctx, chosen));
  return sources;
}

Result<> Bridged::apply_filters(const Context& ctx, const std::string& host_name, const StringMap* old) {
  if (flag("security.ipv6_filtering")) TRY_CTX(network::bridge_netfilter(6), "security.ipv6_filtering requires bridge netfilter");
  if (!filtered(config_)) return old && filtered(*old) ? drop_filters(ctx, *old) : Result<>();
  if (hwaddr().empty()) return fail(Code::internal, "Failed to set network filters: require hwaddr defined");
  network::firewall::NicRules rules{.label = label() + "." + name_, .host_name = host_name, .hwaddr = to_lower(hwaddr())};
  rules.sources = TRY(allowed_sources(ctx));
  network::firewall::Script script;
  network::firewall::add_nic(script, rules);
  TRY_CTX(script.apply(ctx), "Failed adding bridge filter rules for instance device {}", quote(rules.label));
  return {};
}

Result<> Bridged::drop_filters(const Context& ctx, const StringMap&) {
  if (!network::firewall::available()) return {};
  network::firewall::Script script;
  network::firewall::drop_nic(script, label() + "." + name_);
  if (auto done = script.apply(ctx); !done) log_error("Failed to remove network filters", {{"device", name_}, {"error", done.error().message()}});
  return {};
}

}  // namespace device::nic
