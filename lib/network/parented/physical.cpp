// Physical networks: an interface of the host (or a VLAN of one, made here) that instances or other networks get for themselves.
#include <filesystem>

#include "base/reverter.h"
#include "db/networks.h"
#include "network/host.h"
#include "network/parented/parented.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network {
namespace parented {
namespace {

using config::Key;
using config::Type;

constexpr uint32_t kUsualMtu = 1500;

Result<> ingress_mode(std::string_view value) { return config::one_of(value, {"l2proxy", "routed"}); }

constexpr Key kPhysicalKeys[] = {
    {.name = "bgp.peers.*.address", .group = "bgp", .def = "-", .condition = "BGP server", .summary = "Address of a BGP peer of networks below this one", .check = config::is_address},
    {.name = "bgp.peers.*.asn", .group = "bgp", .type = Type::integer, .def = "-", .condition = "BGP server", .summary = "AS number of the BGP peer"},
    {.name = "bgp.peers.*.holdtime", .group = "bgp", .type = Type::integer, .def = "180", .unit = "seconds", .condition = "BGP server",
     .summary = "How long a silent BGP session is kept"},
    {.name = "bgp.peers.*.password", .group = "bgp", .def = "- (no password)", .condition = "BGP server", .summary = "Password of the BGP session", .secret = true},
    {.name = "dns.nameservers", .group = "dns", .condition = "standard mode", .summary = "DNS servers on the network, comma separated", .check = config::list_of<config::is_address>},
    rows::gvrp,
    {.name = "ipv4.gateway", .group = "ipv4", .condition = "standard mode", .summary = "Gateway and prefix (CIDR)", .check = config::is_host_in_network_v4},
    {.name = "ipv4.gateway.hwaddr", .group = "ipv4", .summary = "MAC address of the gateway, so that nobody has to ask for it", .check = config::is_mac},
    {.name = "ipv4.ovn.ranges", .group = "ipv4", .condition = "-", .summary = "Address ranges (FIRST-LAST) for routers of OVN networks", .check = config::list_of<config::is_range_v4>},
    {.name = "ipv4.routes", .group = "ipv4", .condition = "IPv4 address", .summary = "Further subnets that OVN networks may use", .check = config::list_of<config::is_network_v4>},
    {.name = "ipv4.routes.anycast", .group = "ipv4", .type = Type::boolean, .def = "false", .condition = "IPv4 address", .summary = "Several networks and NICs may have one route"},
    {.name = "ipv6.gateway", .group = "ipv6", .condition = "standard mode", .summary = "Gateway and prefix (CIDR)", .check = config::is_host_in_network_v6},
    {.name = "ipv6.gateway.hwaddr", .group = "ipv6", .summary = "MAC address of the gateway, so that nobody has to ask for it", .check = config::is_mac},
    {.name = "ipv6.ovn.ranges", .group = "ipv6", .condition = "-", .summary = "Address ranges (FIRST-LAST) for routers of OVN networks", .check = config::list_of<config::is_range_v6>},
    {.name = "ipv6.routes", .group = "ipv6", .condition = "IPv6 address", .summary = "Further subnets that OVN networks may use", .check = config::list_of<config::is_network_v6>},
    {.name = "ipv6.routes.anycast", .group = "ipv6", .type = Type::boolean, .def = "false", .condition = "IPv6 address", .summary = "Several networks and NICs may have one route"},
    rows::mtu,
    {.name = "ovn.ingress_mode", .group = "ovn", .def = "l2proxy", .condition = "standard mode", .summary = "How addresses of OVN NICs are announced: l2proxy or routed", .check = ingress_mode},
    rows::parent,
    rows::vlan,
    {.name = "vlan.tagged", .group = "common", .type = Type::integer, .condition = "Parent must be an existing bridge", .summary = "VLANs and VLAN ranges of tagged traffic",
     .check = config::is_vlan_list},
};

class Physical : public Parented {
 public:
  using Parented::Parented;

  Result<> create(const Context&) override {
    if (TRY(parent_taken())) return fail(Code::internal, "Parent interface {} in use by another network", quote(value("parent")));
    return {};
  }

  Result<> start(const Context&) override {
    std::string parent = value("parent"), vlan = value("vlan");
    if (!interface_exists(parent) && parent != "none") return fail(Code::internal, "Parent interface {} not found", quote(parent));
    std::string host = interface();
    auto netlink = TRY(sys::Netlink::open());
    Reverter undo;
    bool ours = is_true(value(std::string(kCreatedKey)));
    if (!vlan.empty() && !interface_exists(host)) {
      TRY(create_vlan(netlink, parent, host, static_cast<int>(parse_int(vlan).value_or(0)), is_true(value("gvrp"))));
      undo.add("delete VLAN interface", [host](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host); });
      ours = true;
    }
    if (mtu()) TRY_CTX(netlink.set_mtu(host, static_cast<uint32_t>(mtu())), "Failed setting MTU {} on {}", mtu(), quote(host));
    TRY(remember(ours ? "true" : "false"));
    undo.commit();
    return {};
  }

  Result<> stop(const Context&) override {
    TRY(release());
    return remember("");
  }

  Result<> reconfigure(const Context& ctx, const StringMap& old) override {
    Record before = record_;
    before.config = old;
    Physical predecessor(env_, before);
    if (predecessor.interface() != interface() || get_or(old, "parent") != value("parent")) {
      if (TRY(parent_taken())) return fail(Code::internal, "Parent interface {} in use by another network", quote(value("parent")));
      TRY(predecessor.release());
      record_.config.erase(std::string(kCreatedKey));
    } else if (value(std::string(kCreatedKey)).empty() && old.contains(std::string(kCreatedKey))) {
      record_.config[std::string(kCreatedKey)] = get_or(old, std::string(kCreatedKey));  // clients needn't know of it
    }
    return start(ctx);
  }

  /// Nothing to remove on the host beyond what stop() undoes; the row goes anyway.
  Result<> remove(const Context&) override { return release(); }

 private:
  /// What start() changed on the host, without a word to the database.
  Result<> release() {
    std::string host = interface();
    auto netlink = TRY(sys::Netlink::open());
    if (!value("vlan").empty() && is_true(value(std::string(kCreatedKey))) && interface_exists(host)) TRY(netlink.remove(host));
    if (mtu() && interface_exists(host)) TRY(netlink.set_mtu(host, kUsualMtu));
    return {};
  }

  /// Two networks can't have the same interface, unless it is a bridge or each takes a VLAN of its own.
  Result<bool> parent_taken() const {
    std::string parent = value("parent"), vlan = value("vlan");
    if (std::filesystem::exists("/sys/class/net/" + parent + "/bridge")) return false;
    for (const auto& row : TRY(env_.global.read([](db::Tx& tx) { return db::networks::load_all(tx, "default"); }))) {
      if (row.id == id() || get_or(row.config, "parent") != parent) continue;
      std::string other = get_or(row.config, "vlan");
      if (other.empty() || vlan.empty() || other == vlan) return true;
    }
    return false;
  }

  /// Keeps whether the interface is ours, also over a restart of the daemon.
  Result<> remember(const std::string& created) {
    std::string key(kCreatedKey);
    if (value(key) == created) return {};
    if (created.empty()) record_.config.erase(key);
    else record_.config[key] = created;
    return env_.global.write([&](db::Tx& tx) { return db::networks::update(tx, id(), {config(), record_.description}); });
  }
};

}  // namespace
}  // namespace parented

extern const Type physical_type = {
    .name = "physical",
    .code = db::NetworkType::physical,
    .keys = parented::kPhysicalKeys,
    .check_name = check_plain_name,
    .fill = nullptr,
    .refresh = nullptr,
    .check = nullptr,
    .make = [](const Environment& env, Record record) -> std::shared_ptr<Network> { return std::make_shared<parented::Physical>(env, std::move(record)); },
};

}  // namespace network
