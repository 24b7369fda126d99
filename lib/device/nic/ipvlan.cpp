// NICs of the kind ipvlan: an interface with addresses of its own and the MAC address of the parent. The runtime makes it at start.
#include "base/ip.h"
#include "device/nic/family.h"
#include "device/nic/keys.h"
#include "device/nic/neighbours.h"
#include "device/nic/uplink.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class Ipvlan : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

  Result<> validate() override {
    TRY(check_for_containers(host_));
    if (value("parent").empty()) return fail(Code::invalid, "Missing required device option \"parent\"");
    TRY(check_keys(kIpvlanKeys, config_));
    for (const Family& family : kFamilies) {
      TRY(own_addresses(family));
      TRY(check_gateway(family));
    }
    return check_names();
  }

  Result<RunConfig> start(const Context&) override {
    if (!attached()) return RunConfig{};
    TRY(check_environment());
    std::lock_guard guard(uplink_lock());
    auto netlink = TRY(sys::Netlink::open());
    Uplink uplink(env(), host_, config_);
    Reverter undo;
    auto origin = TRY(uplink.prepare(netlink, undo));
    if (origin == Uplink::Origin::created && !is_l2()) TRY(enable_forwarding(uplink.interface(), has(kFamilies[0]), has(kFamilies[1])));
    TRY(save({{"host_name", make_host_name("inc")}, {"last_state.created", origin == Uplink::Origin::existing ? "false" : "true"}}));
    if (!is_l2()) TRY(announce(netlink, uplink.interface()));
    undo.commit();
    return RunConfig{.nics = {{.device = name_, .host_name = uplink.interface(), .name = value("name"), .hwaddr = ""}}, .lxc = TRY(inner_items())};
  }

  Result<> stop(const Context&) override {
    auto netlink = TRY(sys::Netlink::open());
    std::string host_name = saved("host_name");
    Result<> outcome;
    if (!host_name.empty() && sys::link_exists(host_name)) outcome = netlink.remove(host_name);
    Uplink uplink(env(), host_, config_);
    if (!host_name.empty() && !is_l2()) withdraw(netlink, uplink.interface());
    if (auto released = release_own(netlink); !released && outcome) outcome = std::move(released);
    TRY(forget());
    return outcome;
  }

 private:
  bool is_l2() const { return value("mode") == "l2"; }
  bool has(const Family& family) const { return !value(family.key("address")).empty(); }

  /// With prefixes: those of the subnet in mode l2, single addresses else. Errors: invalid.
  Result<std::vector<IpNetwork>> own_addresses(const Family& family) const {
    std::vector<IpNetwork> list;
    for (const std::string& text : split_list(value(family.key("address")))) {
      bool plain = text.find('/') == text.npos;
      auto address = IpNetwork::parse(plain ? std::format("{}/{}", text, is_l2() ? family.subnet_bits : family.host_bits) : text);
      bool fits = address && address->is_v4() == family.v4() && (plain || is_l2());
      if (!fits) return fail(Code::invalid, "Invalid value for device option {}: Not an {} address {}", quote(family.key("address")), family.v4() ? "IPv4" : "IPv6", quote(text));
      list.push_back(*address);
    }
    return list;
  }

  Result<> check_gateway(const Family& family) const {
    std::string gateway = value(family.key("gateway"));
    if (gateway.empty()) return {};
    auto good = !is_l2() ? checks::auto_gateway(gateway) : family.v4() ? config::is_address_v4(gateway) : config::is_address_v6(gateway);
    TRY_CTX(std::move(good), "Invalid value for device option {}", quote(family.key("gateway")));
    return {};
  }

  Result<> check_environment() const {
    if (value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    if (!network::interface_exists(value("parent"))) return fail(Code::internal, "Parent device '{}' doesn't exist", value("parent"));
    Uplink uplink(env(), host_, config_);
    if (is_l2() || (uplink.has_vlan() && !network::interface_exists(uplink.interface()))) return {};
    return check_forwarding("IPVLAN in L3S mode", uplink.interface(), has(kFamilies[0]), has(kFamilies[1]), false);
  }

  /// The host's routes for one address: they make the kernel answer for it on the parent's network.
  std::vector<sys::Route> host_routes(const Family& family, const IpNetwork& address) const {
    sys::Route route{.family = family.number, .destination = address.text(), .device = "lo", .protocol = "boot", .table = "main"};
    std::vector<sys::Route> routes = {route};
    if (std::string table = value(family.key("host_table")); !table.empty()) {
      route.table = table;
      routes.push_back(route);
    }
    return routes;
  }

  Result<> announce(sys::Netlink& netlink, const std::string& parent) const {
    for (const Family& family : kFamilies)
      for (const IpNetwork& address : TRY(own_addresses(family))) {
        for (const sys::Route& route : host_routes(family, address)) TRY_CTX(netlink.add_route(route), "Failed adding host route {}", quote(route.destination));
        TRY_CTX(netlink.add_proxy_neighbour(parent, address.address.text()), "Failed adding neighbor proxy to {}", quote(parent));
      }
    return {};
  }

  /// What is gone already is no matter.
  void withdraw(sys::Netlink& netlink, const std::string& parent) const {
    for (const Family& family : kFamilies)
      for (const IpNetwork& address : own_addresses(family).value_or(std::vector<IpNetwork>())) {
        for (const sys::Route& route : host_routes(family, address)) (void)netlink.remove_route(route);
        (void)netlink.remove_proxy_neighbour(parent, address.address.text());
      }
  }

  /// What the runtime makes and gives the interface inside.
  Result<StringMap> inner_items() const {
    StringMap items = {{"nic.type", "ipvlan"}, {"nic.ipvlan.mode", is_l2() ? "l2" : "l3s"}, {"nic.ipvlan.isolation", "bridge"}};
    if (!value("mtu").empty()) items["nic.mtu"] = value("mtu");
    for (const Family& family : kFamilies) {
      if (!has(family)) continue;
      StringList inside;
      for (const IpNetwork& address : TRY(own_addresses(family))) inside.push_back(address.text());
      items["nic." + family.key("address")] = join(inside, ",");
      std::string gateway = value(family.key("gateway"));
      if (!is_l2() && gateway != "none") items["nic." + family.key("gateway")] = "dev";
      if (is_l2() && !gateway.empty()) items["nic." + family.key("gateway")] = gateway;
    }
    return items;
  }
};

}  // namespace

extern const Kind ipvlan_kind = {
    .name = "ipvlan",
    .keys = kIpvlanKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Ipvlan>(services, host, name, config);
    },
};

}  // namespace device::nic
