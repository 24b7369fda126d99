// NICs of the kind routed: a veth pair whose host end routes to the instance's addresses; on the parent's network the host answers for them.
#include "device/nic/family.h"
#include "device/nic/keys.h"
#include "device/nic/neighbours.h"
#include "device/nic/uplink.h"
#include "device/nic/veth.h"
#include "network/firewall/nft.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class Routed : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

  Result<> validate() override {
    TRY(check_keys(kRoutedKeys, config_));
    TRY(check_single_gateway());
    for (const Family& family : kFamilies) {
      StringList seen;
      for (const std::string& address : addresses(family)) {
        if (contains(seen, address)) return fail(Code::invalid, "Duplicate address {} in {}", quote(address), quote(family.key("address")));
        seen.push_back(address);
      }
      if (!value(family.key("routes")).empty() && seen.empty())
        return fail(Code::invalid, "{0}.routes requires {0}.address to be set", family.prefix);
    }
    if (value("parent").empty() && !value("vlan").empty())
      return fail(Code::invalid, "The vlan setting can only be used when combined with a parent interface");
    return check_names();
  }

  Result<RunConfig> start(const Context& ctx) override {
    if (!attached()) return RunConfig{};
    TRY(check_environment());
    std::lock_guard guard(uplink_lock());
    auto netlink = TRY(sys::Netlink::open());
    Uplink uplink(env(), host_, config_);
    Reverter undo;
    auto origin = TRY(uplink.prepare(netlink, undo));
    bool ours = origin != Uplink::Origin::existing;
    if (origin == Uplink::Origin::created) TRY(enable_forwarding(uplink.interface(), has(kFamilies[0]), has(kFamilies[1])));
    if (!uplink.interface().empty()) TRY(check_addresses_free(ctx, uplink.interface()));
    std::string host_name = new_host_end();
    NicEntry entry = TRY(make_ends(netlink, {host_name, value("mtu").empty() ? uplink.interface() : "", hwaddr(), value("mtu"), value("queue.tx.length"), value("vrf")}));
    undo.add("delete interface", [host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host_name); });
    StringMap state = {{"host_name", host_name}};
    if (uplink.has_vlan()) state["last_state.created"] = ours ? "true" : "false";
    TRY(save(state));
    TRY(start_limits(ctx, host_name));
    TRY(protect(ctx, host_name));
    for (const Family& family : kFamilies) TRY(route_family(netlink, family, host_name));
    TRY(answer_for_addresses(netlink, uplink.interface(), undo));
    if (value("connected") == "false") TRY(netlink.set_up(host_name, false));
    undo.commit();
    return RunConfig{.nics = {entry}, .lxc = inner_items()};
  }

  Result<> stop(const Context& ctx) override {
    auto netlink = TRY(sys::Netlink::open());
    Result<> outcome;
    auto note = [&](Result<> done) {
      if (!done && outcome) outcome = std::move(done);
    };
    std::string host_name = host_end();
    note(stop_limits(ctx, host_name));
    if (!host_name.empty() && sys::link_exists(host_name)) note(netlink.remove(host_name));
    Uplink uplink(env(), host_, config_);
    if (!uplink.interface().empty())
      for (const Family& family : kFamilies)
        for (const std::string& address : addresses(family)) (void)netlink.remove_proxy_neighbour(uplink.interface(), address);  // gone is gone
    note(release_own(netlink));
    note(unprotect(ctx));
    TRY(forget());
    return outcome;
  }

  StringList updatable_keys() const override { return {"connected", "limits.egress", "limits.ingress", "limits.max", "limits.priority"}; }

  Result<> update(const Context& ctx, const StringMap& old, bool running) override {
    if (!running || !attached()) return {};
    TRY(check_environment());
    std::string host_name = host_end();
    TRY(update_limits(ctx, host_name, old));
    return TRY(sys::Netlink::open()).set_up(host_name, value("connected") != "false");
  }

 private:
  StringList addresses(const Family& family) const { return split_list(value(family.key("address"))); }
  bool has(const Family& family) const { return !addresses(family).empty(); }
  std::string filter_chain() const { return std::format("prert.{}.{}", label(), name_); }
  std::string host_address(const Family& family) const { return value(family.key("host_address"), family.gateway); }
  bool auto_gateway(const Family& family) const { return value(family.key("gateway"), "auto") == "auto"; }

  /// Two default gateways of one family would fight.
  Result<> check_single_gateway() const {
    for (const Family& family : kFamilies) {
      std::string key = family.key("gateway");
      if (!auto_gateway(family)) continue;
      for (const auto& [device, other] : host_.expanded_devices())
        if (device != name_ && get_or(other, "nictype") == "routed" && get_or(other, key, "auto") == "auto")
          return fail(Code::invalid, "Existing NIC {} already uses {} in auto mode", quote(device), quote(key));
    }
    return {};
  }

  Result<> check_environment() const {
    if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    std::string parent = value("parent");
    if (!value("vrf").empty() && !network::interface_exists(value("vrf"))) return fail(Code::internal, "VRF {} doesn't exist", quote(value("vrf")));
    if (parent.empty()) return {};
    if (!network::interface_exists(parent)) return fail(Code::internal, "Parent device {} doesn't exist", quote(parent));
    Uplink uplink(env(), host_, config_);
    if (uplink.has_vlan() && !network::interface_exists(uplink.interface())) return {};  // made by us, and then set up as needed
    return check_forwarding("Routed mode", uplink.interface(), has(kFamilies[0]), has(kFamilies[1]), true);
  }

  Result<> check_addresses_free(const Context& ctx, const std::string& parent) const {
    StringList wanted;
    for (const Family& family : kFamilies)
      if (!is_false(value(family.key("neighbor_probe"))))
        for (std::string& address : addresses(family)) wanted.push_back(std::move(address));
    std::string taken = TRY(address_in_use(ctx, parent, wanted));
    return taken.empty() ? Result<>() : fail(Code::internal, "IP address {} in use on parent network {}", quote(taken), quote(parent));
  }

  /// Only packets from the instance's own addresses are let in, and its router advertisements are not believed.
  Result<> protect(const Context& ctx, const std::string& host_name) {
    (void)network::write_sysctl("net/ipv6/conf/" + host_name + "/accept_ra", "0");  // IPv6 may be off
    TRY(network::write_sysctl("net/ipv4/conf/" + host_name + "/rp_filter", "1"));
    network::firewall::Script script;
    script.chain("inet", filter_chain(), "type filter hook prerouting priority raw; policy accept;");
    script.rule("inet", filter_chain(), std::format("iif \"{}\" fib saddr . iif oif missing drop", host_name));
    TRY_CTX(script.apply(ctx), "Error setting up reverse path filter");
    return {};
  }
  Result<> unprotect(const Context& ctx) {
    if (!network::firewall::available() || !contains(TRY(network::firewall::chains(ctx, "inet")), filter_chain())) return {};
    network::firewall::Script script;
    script.drop_chains("inet", {filter_chain()});
    return script.apply(ctx);
  }

  /// Routing tables for routes to the instance; the main one unless the config names others.
  StringList tables(const Family& family) const {
    if (std::string several = value(family.key("host_tables")); !several.empty()) return split_list(several);
    std::string one = value(family.key("host_table"));
    return one.empty() || one == "254" ? StringList{"254"} : StringList{one, "254"};
  }

  /// The gateway on the host's end, and routes to the addresses and to what lies behind them.
  Result<> route_family(sys::Netlink& netlink, const Family& family, const std::string& host_name) {
    StringList own = addresses(family);
    if (own.empty()) return {};
    TRY_CTX(netlink.add_address(host_name, std::format("{}/{}", host_address(family), family.host_bits)), "Failed adding host gateway IP");
    TRY(network::write_sysctl(std::format("net/{}/conf/{}/forwarding", family.prefix, host_name), "1"));
    std::vector<sys::Route> routes;
    for (const std::string& address : own)
      routes.push_back({.family = family.number, .destination = std::format("{}/{}", address, family.host_bits), .device = host_name, .protocol = "boot"});
    for (const std::string& destination : split_list(value(family.key("routes"))))
      routes.push_back({.family = family.number, .destination = destination, .gateway = own[0], .device = host_name, .protocol = "boot"});
    for (sys::Route& route : routes)
      for (const std::string& table : tables(family)) {
        route.table = table == "254" ? "main" : table;
        TRY_CTX(netlink.add_route(route), "Failed adding host route {} to table {}", quote(route.destination), quote(table));
      }
    return {};
  }

  Result<> answer_for_addresses(sys::Netlink& netlink, const std::string& parent, Reverter& undo) {
    if (parent.empty()) return {};
    for (const Family& family : kFamilies)
      for (const std::string& address : addresses(family)) {
        TRY_CTX(netlink.add_proxy_neighbour(parent, address), "Failed adding neighbor proxy {} to {}", quote(address), quote(parent));
        undo.add("remove neighbour proxy", [parent, address](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove_proxy_neighbour(parent, address); });
      }
    return {};
  }

  /// What the runtime gives the interface inside.
  StringMap inner_items() const {
    StringMap items;
    for (const Family& family : kFamilies) {
      if (!has(family)) continue;
      if (auto_gateway(family)) items["nic." + family.key("gateway")] = host_address(family);
      // No broadcast address: the runtime would make one up, and neighbours with adjacent addresses couldn't talk.
      StringList inside;
      for (const std::string& address : addresses(family)) inside.push_back(address + (family.v4() ? "/32 0.0.0.0" : "/128"));
      items["nic." + family.key("address")] = join(inside, ",");
    }
    return items;
  }
};

}  // namespace

extern const Kind routed_kind = {
    .name = "routed",
    .keys = kRoutedKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Routed>(services, host, name, config);
    },
};

}  // namespace device::nic
