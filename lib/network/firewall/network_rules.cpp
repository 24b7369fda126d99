// Rule texts of bridge networks. Names and shapes of chains are what users see with `nft list ruleset` (wire.md, section 15).
#include "network/firewall/network_rules.h"

namespace network::firewall {
namespace {

constexpr std::string_view kInet = "inet";
constexpr std::string_view kIcmp4 = "icmp type {3, 11, 12}";
constexpr std::string_view kIcmp6In = "icmpv6 type {1, 2, 3, 4, 133, 135, 136, 143}";
// 128: dnsmasq pings an IPv6 address before it leases it.
constexpr std::string_view kIcmp6Out = "icmpv6 type {1, 2, 3, 4, 128, 134, 135, 136, 143}";

std::string hook(std::string_view type, std::string_view name, std::string_view priority) {
  return std::format("type {} hook {} priority {}; policy accept;", type, name, priority);
}

/// Adds rules that all begin with the same match.
class Chain {
 public:
  Chain(Script& script, std::string name, std::string_view hook_text) : script_(script), name_(std::move(name)) {
    script_.chain(kInet, name_, hook_text);
  }
  template <class... Args>
  void add(std::format_string<Args...> text, Args&&... args) {
    script_.rule(kInet, name_, std::format(text, std::forward<Args>(args)...));
  }

 private:
  Script& script_;
  std::string name_;
};

void add_acl_chains(Script& script, const std::string& net) {
  script.chain(kInet, "acl." + net);
  Chain in(script, "aclin." + net, hook("filter", "input", "filter"));
  std::string from = std::format("iifname \"{}\"", net), to = std::format("oifname \"{}\"", net);
  in.add("{} tcp dport 53 accept", from);
  in.add("{} udp dport 53 accept", from);
  in.add("{} udp dport 67 accept", from);
  in.add("{} udp dport 547 accept", from);
  in.add("{} {} accept", from, kIcmp4);
  in.add("{} {} accept", from, kIcmp6In);
  in.add("{} jump acl.{}", from, net);
  Chain out(script, "aclout." + net, hook("filter", "output", "filter"));
  out.add("{} udp sport 67 accept", to);
  out.add("{} udp sport 547 accept", to);
  out.add("{} {} accept", to, kIcmp4);
  out.add("{} {} accept", to, kIcmp6Out);
  out.add("{} jump acl.{}", to, net);
  Chain forward(script, "aclfwd." + net, hook("filter", "forward", "filter"));
  forward.add("{} jump acl.{}", from, net);
  forward.add("{} jump acl.{}", to, net);
}

void add_nat(Script& script, const NetworkRules& rules) {
  if (!rules.v4.nat && !rules.v6.nat) return;
  Chain chain(script, "pstrt." + rules.network, hook("nat", "postrouting", "100"));
  auto family = [&](std::string_view ip, const std::optional<SourceNat>& nat) {
    if (!nat) return;
    std::string subnet = nat->subnet.subnet().text();
    // Traffic between managed bridges keeps its addresses.
    chain.add("{} saddr {} oifname @bridges accept", ip, subnet);
    std::string action = nat->address ? "snat " + std::string(ip) + " to " + nat->address->text() : "masquerade";
    chain.add("{0} saddr {1} {0} daddr != {1} {2}", ip, subnet, action);
  };
  family("ip", rules.v4.nat);
  family("ip6", rules.v6.nat);
}

void add_forwarding(Script& script, const NetworkRules& rules) {
  Chain chain(script, "fwd." + rules.network, hook("filter", "forward", "0"));
  auto family = [&](std::string_view match, const FamilyRules& wanted) {
    if (!wanted.firewall) return;
    std::string_view action = wanted.forwarding ? "accept" : "reject";
    chain.add("{} oifname \"{}\" {}", match, rules.network, action);
    chain.add("{} iifname \"{}\" {}", match, rules.network, action);
  };
  family("ip version 4", rules.v4);
  family("ip6 version 6", rules.v6);
}

/// One direction of the host's own services: "in" with iifname and dport, or "out" with oifname and sport.
void add_services(Script& script, const NetworkRules& rules, bool in) {
  Chain chain(script, (in ? "in." : "out.") + rules.network, hook("filter", in ? "input" : "output", "0"));
  std::string match = std::format("{} \"{}\"", in ? "iifname" : "oifname", rules.network);
  std::string_view port = in ? "dport" : "sport";
  chain.add("{} tcp {} 53 accept", match, port);
  chain.add("{} udp {} 53 accept", match, port);
  if (rules.v4.firewall && rules.v4.services) {
    chain.add("{} {} accept", match, kIcmp4);
    chain.add("{} udp {} 67 accept", match, port);
    // Some DHCP clients refuse packets whose checksum the virtual interface left to hardware.
    chain.add("{} ip protocol udp udp checksum set 0", match);
  }
  if (rules.v6.firewall && rules.v6.services) {
    chain.add("{} {} accept", match, in ? kIcmp6In : kIcmp6Out);
    chain.add("{} udp {} 547 accept", match, port);
  }
}

}  // namespace

void add_network(Script& script, const NetworkRules& rules) {
  drop_network(script, rules.network);
  // ACL chains come first so that their verdicts are asked first among chains of one priority.
  if (rules.acl) add_acl_chains(script, rules.network);
  script.line(std::format("add element inet incus bridges {{ \"{}\" }}", rules.network));
  add_nat(script, rules);
  if (!rules.v4.firewall && !rules.v6.firewall) return;
  add_forwarding(script, rules);
  add_services(script, rules, true);
  add_services(script, rules, false);
}

void drop_network(Script& script, const std::string& network) {
  StringList names;
  for (const char* prefix : {"fwd", "pstrt", "in", "out", "aclin", "aclout", "aclfwd", "acl", "fwdprert", "fwdout", "fwdpstrt"})
    names.push_back(std::format("{}.{}", prefix, network));
  script.drop_chains(kInet, names);
  script.line("add set inet incus bridges { type ifname; }");
  script.line(std::format("add element inet incus bridges {{ \"{}\" }}", network));
  script.line(std::format("delete element inet incus bridges {{ \"{}\" }}", network));
}

}  // namespace network::firewall
