// NICs on a bridge, managed or not: one end of a veth pair is a port, the other the instance's interface.
#include <filesystem>

#include "base/ip.h"
#include "base/log.h"
#include "base/reverter.h"
#include "device/nic/bridged.h"
#include "device/nic/keys.h"
#include "device/nic/veth.h"
#include "network/attached.h"
#include "network/dnsmasq/arguments.h"
#include "network/dnsmasq/hosts.h"
#include "network/dnsmasq/release.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {

Result<> Bridged::resolve() {
  if (resolved_) return {};
  resolved_ = true;
  if (!value("network").empty()) {
    auto network = TRY(load_network({"nictype", "parent", "mtu"}));
    network_ = network;
    parent_ = network->type() == "physical" ? get_or(network->config(), "parent") : network->interface();
    if (std::string mtu = get_or(network->config(), "bridge.mtu"); !mtu.empty()) config_["mtu"] = mtu;
    return {};
  }
  parent_ = value("parent");
  if (auto network = services_.networks.load("default", parent_); network && (*network)->type() == "bridge") network_ = *network;
  return {};
}

std::string Bridged::folder() const { return services_.paths.in_var("networks/" + network_->name()); }
bool Bridged::uses_dnsmasq() const { return network_ && network_->type() == "bridge" && network::dnsmasq::wanted(network_->config()); }
Result<> Bridged::reserve(const Context& ctx) { return uses_dnsmasq() ? network_->reserve(ctx, network::reservation_for(filter_subject(config_), env())) : Result<>(); }

Result<> Bridged::add(const Context& ctx) {
  TRY(resolve());
  return reserve(ctx);
}

Result<RunConfig> Bridged::start(const Context& ctx) {
  if (!attached()) return RunConfig{};
  TRY(resolve());
  if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
  StringMap inside = TRY(inner_items());
  if (!sys::link_exists(parent_)) return fail(Code::internal, "Parent device {} doesn't exist", quote(parent_));
  auto netlink = TRY(sys::Netlink::open());
  Reverter undo;
  std::string host_name = new_host_end();
  TRY(save({{"host_name", host_name}}));  // first: what a killed daemon made must be known to the next one
  NicEntry entry = TRY(make_ends(netlink, {host_name, parent_, hwaddr(), value("mtu"), value("queue.tx.length"), ""}));
  undo.add("delete interface", [host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host_name); });
  if (uses_dnsmasq()) {
    auto file = network::dnsmasq::host_file_name(host_.project(), host_.name(), name_);
    if (!std::filesystem::exists(network::dnsmasq::hosts_folder(folder()) + "/" + file))
      TRY_CTX(reserve(ctx), "Failed creating DHCP static allocation");
  }
  TRY(add_routes(netlink, parent_, config_));
  undo.add("remove routes", [device = parent_, config = config_](const Context&) -> Result<> {
    auto fresh = TRY(sys::Netlink::open());
    remove_routes(fresh, device, config);
    return {};
  });
  TRY(start_limits(ctx, host_name));
  // A guessable link-local address would let the instance reach the host.
  (void)network::write_sysctl("net/ipv6/conf/" + host_name + "/disable_ipv6", "1");
  TRY(apply_filters(ctx, nullptr));
  undo.add("remove filters", [nic = filter_subject(config_)](const Context& fresh) -> Result<> {
    if (network::wants_filter(nic.config)) network::drop_nic_filter(fresh, nic);
    return {};
  });
  TRY(attach_port(netlink, host_name));
  undo.commit();
  RunConfig run{.nics = {entry}};
  run.lxc = std::move(inside);
  return run;
}

Result<> Bridged::attach_port(sys::Netlink& netlink, const std::string& host_name) {
  TRY(netlink.set_master(host_name, parent_));
  if (flag("security.port_isolation")) TRY(netlink.set_port_isolated(host_name, true));
  TRY(apply_vlans(netlink, host_name));
  if (value("connected") == "false") TRY(netlink.set_up(host_name, false));
  return {};
}

Result<> Bridged::apply_vlans(sys::Netlink& netlink, const std::string& host_name) {
  std::string vlan = value("vlan"), tagged = value("vlan.tagged");
  if (vlan.empty() && tagged.empty()) return {};
  if (network::read_attribute(parent_, "bridge/vlan_filtering") != "1")
    return fail(Code::internal, "VLAN filtering is not enabled in parent bridge {}", quote(parent_));
  if (!vlan.empty()) {
    if (vlan == "0") return fail(Code::invalid, "VLAN ID 0 is not allowed for native Linux bridges");
    std::string pvid = network::read_attribute(parent_, "bridge/default_pvid");
    if (pvid != "0" && pvid != vlan)
      TRY_CTX(netlink.remove_port_vlan(host_name, static_cast<int>(parse_int(pvid).value_or(0))), "Failed removing default PVID membership");
    if (vlan != "none") TRY(netlink.add_port_vlan(host_name, static_cast<int>(*parse_int(vlan)), true, true));
  }
  for (const std::string& item : split_list(tagged)) {
    StringList ends = split(item, '-', 2);
    for (int64_t id = parse_int(ends[0]).value_or(0), last = parse_int(ends.back()).value_or(0); id <= last; id++) {
      if (id == 0) return fail(Code::invalid, "VLAN tagged ID 0 is not allowed for native Linux bridges");
      TRY(netlink.add_port_vlan(host_name, static_cast<int>(id), false, false));
    }
  }
  return {};
}

Result<> Bridged::stop(const Context& ctx) {
  auto known = resolve();
  std::string host_name = host_end();
  auto netlink = TRY(sys::Netlink::open());
  if (attached()) TRY(stop_limits(ctx, host_name));
  if (!host_name.empty() && sys::link_exists(host_name))
    TRY_CTX(netlink.remove(host_name), "Failed to remove interface {}", quote(host_name));
  if (known) remove_routes(netlink, parent_, config_);
  if (network::wants_filter(config_)) network::drop_nic_filter(ctx, filter_subject(config_));
  return save({{"host_name", ""}});
}

StringList Bridged::updatable_keys() const {
  return {"connected", "ipv4.address", "ipv4.routes", "ipv4.routes.external", "ipv6.address", "ipv6.routes", "ipv6.routes.external",
          "limits.egress", "limits.ingress", "limits.max", "limits.priority", "security.acls", "security.acls.default.egress.action",
          "security.acls.default.egress.logged", "security.acls.default.ingress.action", "security.acls.default.ingress.logged",
          "security.ipv4_filtering", "security.ipv6_filtering", "security.mac_filtering"};
}

Result<> Bridged::update(const Context& ctx, const StringMap& old, bool running) {
  TRY(resolve());
  std::string host_name = host_end();
  bool address6 = get_or(old, "ipv6.address") != value("ipv6.address");
  // DHCPv6 leases carry no MAC address: the old one would keep the client from getting its new address.
  if (network_ && address6) network::dnsmasq::release_leases(folder(), parent_, host_.name(), hwaddr(), network::dnsmasq::Which::v6);
  if (running && attached()) {
    if (!sys::link_exists(parent_)) return fail(Code::internal, "Parent device {} doesn't exist", quote(parent_));
    auto netlink = TRY(sys::Netlink::open());
    remove_routes(netlink, parent_, old);
    TRY(add_routes(netlink, parent_, config_));
    TRY(update_limits(ctx, host_name, old));
    TRY(apply_filters(ctx, &old));
    TRY(netlink.set_up(host_name, value("connected") != "false"));
  }
  TRY(reserve(ctx));
  if (running && address6 && sys::link_exists(host_name)) {
    // Losing the carrier makes the client ask again.
    auto netlink = TRY(sys::Netlink::open());
    TRY(netlink.set_up(host_name, false));
    TRY(netlink.set_up(host_name, value("connected") != "false"));
  }
  return {};
}

Result<> Bridged::remove(const Context& ctx) {
  if (!resolve() || !network_) return {};
  network::dnsmasq::release_leases(folder(), parent_, host_.name(), hwaddr(), network::dnsmasq::Which::all);
  return network_->release(ctx, host_.project(), host_.name(), name_);
}

extern const Kind bridged_kind = {
    .name = "bridged",
    .keys = kBridgedKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Bridged>(services, host, name, config);
    },
};

}  // namespace device::nic
