// dnsmasq(8) options, in the order users know from the process list.
#include "network/dnsmasq/arguments.h"

#include <format>

namespace network::dnsmasq {
namespace {

bool is_off(const std::string& address) { return address.empty() || address == "none"; }
bool on_by_default(const StringMap& config, const std::string& key) {
  std::string value = get_or(config, key);
  return value.empty() || is_true(value);
}

class Builder {
 public:
  explicit Builder(const Setup& setup) : setup_(setup) {}

  StringList build() {
    args_ = {"dnsmasq",     "--keep-in-foreground", "--strict-order", "--bind-interfaces", "--except-interface=lo",
             "--pid-file=", "--no-ping"};
    add("--interface={}", setup_.interface);
    args_.insert(args_.end(), {"--dhcp-rapid-commit", "--no-negcache"});
    if (!setup_.debug) args_.insert(args_.end(), {"--quiet-dhcp", "--quiet-dhcp6", "--quiet-ra"});
    if (setup_.v4) add_v4(*setup_.v4);
    if (setup_.v6) add_v6(*setup_.v6);
    add_dns();
    add("--conf-file={}/dnsmasq.raw", setup_.folder);
    if (!setup_.user.empty()) args_.insert(args_.end(), {"-u", setup_.user});
    if (!setup_.group.empty()) args_.insert(args_.end(), {"-g", setup_.group});
    return std::move(args_);
  }

 private:
  template <class... Args>
  void add(std::format_string<Args...> text, Args&&... args) {
    args_.push_back(std::format(text, std::forward<Args>(args)...));
  }
  std::string value(const std::string& key, std::string_view fallback = "") const {
    std::string text = get_or(setup_.config, key);
    return text.empty() ? std::string(fallback) : text;
  }
  /// The name servers of one family, comma separated.
  std::string nameservers(bool v4) const {
    StringList list;
    for (const std::string& item : split_list(value("dns.nameservers")))
      if ((item.find(':') == std::string::npos) == v4) list.push_back(item);
    return join(list, ",");
  }

  void add_dhcp_server() {
    if (dhcp_server_) return;
    dhcp_server_ = true;
    args_.insert(args_.end(), {"--dhcp-no-override", "--dhcp-authoritative"});
    add("--dhcp-leasefile={}/dnsmasq.leases", setup_.folder);
    add("--dhcp-hostsfile={}/dnsmasq.hosts", setup_.folder);
  }

  /// `suffix`: what follows first and last address.
  void add_range(const std::string& ends, const std::string& suffix) {
    args_.push_back("--dhcp-range");
    add("{},{}", ends, suffix);
  }
  void add_ranges(const std::string& key, const std::string& all, const std::string& suffix) {
    std::string ranges = value(key);
    if (ranges.empty()) return add_range(all, suffix);
    for (const std::string& range : split_list(ranges)) add_range(replace_all(range, "-", ","), suffix);
  }

  void add_v4(const IpNetwork& net) {
    add("--listen-address={}", net.address.text());
    if (!on_by_default(setup_.config, "ipv4.dhcp")) return;
    add_dhcp_server();
    std::string gateway = value("ipv4.dhcp.gateway");
    if (gateway == "none") args_.push_back("--dhcp-option=3");
    else if (!gateway.empty()) add("--dhcp-option-force=3,{}", gateway);
    if (!value("dns.nameservers").empty()) {
      std::string servers = nameservers(true);
      add("--dhcp-option-force=6{}{}", servers.empty() ? "" : ",", servers);
    }
    if (setup_.mtu != 1500) add("--dhcp-option-force=26,{}", setup_.mtu);
    if (std::string search = value("dns.search"); !search.empty()) add("--dhcp-option-force=119,{}", trim(search));
    if (std::string routes = value("ipv4.dhcp.routes"); !routes.empty()) add("--dhcp-option-force=121,{}", replace_all(routes, " ", ""));
    add_ranges("ipv4.dhcp.ranges", std::format("{},{}", net.nth(2).text(), net.nth(-2).text()), value("ipv4.dhcp.expiry", "1h"));
  }

  void add_v6(const IpNetwork& net) {
    add("--listen-address={}", net.address.text());
    bool advertise = on_by_default(setup_.config, "ipv6.ra");
    if (advertise) args_.push_back("--enable-ra");
    if (on_by_default(setup_.config, "ipv6.dhcp")) {
      add_dhcp_server();
      if (is_true(value("ipv6.dhcp.stateful"))) {
        add_ranges("ipv6.dhcp.ranges", std::format("{},{}", net.nth(2).text(), net.nth(-1).text()),
                   std::format("{},{}", net.prefix, value("ipv6.dhcp.expiry", "1h")));
      } else if (advertise) {
        args_.push_back("--dhcp-range");
        add("::,constructor:{},ra-stateless,ra-names", setup_.interface);
      }
    } else if (advertise) {
      args_.push_back("--dhcp-range");
      add("::,constructor:{},ra-only", setup_.interface);
    }
    if (value("dns.nameservers").empty()) add("--dhcp-option-force=option6:dns-server,[{}]", net.address.text());
    else if (std::string servers = nameservers(false); !servers.empty()) add("--dhcp-option-force=option6:dns-server,[{}]", servers);
    else args_.push_back("--dhcp-option-force=option6:dns-server");
  }

  void add_dns() {
    if (value("dns.mode") == "none") return;
    std::string domain = value("dns.domain", "incus");
    args_.insert(args_.end(), {"-s", domain, "--interface-name", std::format("_gateway.{},{}", domain, setup_.interface), "-S",
                               std::format("/{}/", domain)});
  }

  const Setup& setup_;
  StringList args_;
  bool dhcp_server_ = false;
};

}  // namespace

bool wanted(const StringMap& config) {
  std::string v4 = get_or(config, "ipv4.address"), v6 = get_or(config, "ipv6.address");
  if (is_off(v4) && is_off(v6)) return false;
  if (get_or(config, "dns.mode") != "none") return true;
  if (!is_off(v6) && (on_by_default(config, "ipv6.dhcp") || on_by_default(config, "ipv6.routing"))) {
    auto net = IpNetwork::parse(v6);
    if (!net || !net->address.is_link_local()) return true;
  }
  return !is_off(v4) && on_by_default(config, "ipv4.dhcp");
}

StringList arguments(const Setup& setup) { return Builder(setup).build(); }

}  // namespace network::dnsmasq
