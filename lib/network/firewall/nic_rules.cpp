// Rule texts of NIC filters. ARP and neighbour advertisements are checked inside too, since a spoofed one redirects other hosts' traffic.
#include "network/firewall/nic_rules.h"

#include "base/encode.h"

namespace network::firewall {
namespace {

constexpr std::string_view kBridge = "bridge";

class Builder {
 public:
  Builder(Script& script, const NicRules& rules) : script_(script), rules_(rules) {
    const AllowedSources& sources = rules.sources;
    // Address filters would be worthless if the MAC address could be forged.
    mac_ = sources.mac || sources.v4 || sources.v6;
    from_ = std::format("iifname \"{}\"", rules.host_name);
    to_ = std::format("oifname \"{}\"", rules.host_name);
  }

  void input() {
    open("in", "type filter hook input priority -200; policy accept;");
    mac_filter();
    if (rules_.acl.any || !rules_.sources.v4_nets.empty()) add("{} ether type ip ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp dport 67 accept", from_);
    v4_filter();
    if (rules_.acl.any || !rules_.sources.v6_nets.empty()) {
      add("{} ether type ip6 ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp dport 547 accept", from_);
      add("{} ether type ip6 ip6 saddr fe80::/10 ip6 daddr ff02::2 icmpv6 type 133 accept", from_);
    }
    v6_filter();
    if (rules_.acl.any) {
      add("ct state established,related accept");
      neighbours(from_);
      for (const std::string& server : rules_.dns_v4) dns("ip", server);
      for (const std::string& server : rules_.dns_v6) dns("ip6", server);
    }
    all(rules_.acl.in_drop);
    all(rules_.acl.in_reject);
    all(rules_.acl.in_accept);
    other_frames();
    text(rules_.acl.in_default);
  }

  void forward() {
    open("fwd", "type filter hook forward priority -200; policy accept;");
    mac_filter();
    v4_filter();
    v6_filter();
    if (rules_.acl.any) add("ct state established,related accept");
    all(rules_.acl.in_drop);
    all(rules_.acl.in_reject_as_drop);
    all(rules_.acl.out_drop);
    all(rules_.acl.in_accept);
    all(rules_.acl.out_accept);
    other_frames();
    if (rules_.acl.any) {
      neighbours(from_);
      neighbours(to_);
    }
    text(rules_.acl.in_default_as_drop);
    text(rules_.acl.out_default);
  }

  void output() {
    if (!rules_.acl.any) return;
    open("out", "type filter hook output priority filter; policy accept;");
    add("ct state established,related accept");
    neighbours(to_);
    add("{} udp sport 67 udp dport 68 accept", to_);
    add("{} ip6 saddr fe80::/10 udp sport 547 accept", to_);
    add("{} ip6 saddr fe80::/10 icmpv6 type {{1, 2, 3, 4, 128, 134, 135, 136, 143}} accept", to_);
    all(rules_.acl.out_drop);
    all(rules_.acl.out_accept);
    text(rules_.acl.out_default);
  }

 private:
  void open(std::string_view prefix, std::string_view hook) {
    chain_ = std::format("{}.{}", prefix, rules_.label);
    script_.chain(kBridge, chain_, hook);
  }
  void text(const std::string& rule) {
    if (!rule.empty()) script_.rule(kBridge, chain_, rule);
  }
  template <class... Args>
  void add(std::format_string<Args...> format, Args&&... args) {
    text(std::format(format, std::forward<Args>(args)...));
  }
  void all(const StringList& rules) {
    for (const std::string& rule : rules) text(rule);
  }

  void mac_filter() {
    if (!mac_) return;
    add("{} ether saddr != {} drop", from_, rules_.hwaddr);
    add("{} ether type arp arp saddr ether != {} drop", from_, rules_.hwaddr);
    // The link-layer address option of a neighbour advertisement: 48 bits at bit 528 of the network header.
    add("{} ether type ip6 icmpv6 type 136 @nh,528,48 != 0x{} drop", from_, replace_all(rules_.hwaddr, ":", ""));
  }

  void v4_filter() {
    if (!rules_.sources.v4) return;
    if (rules_.sources.v4_nets.empty()) {
      add("{} ether type arp drop", from_);
      add("{} ether type ip drop", from_);
      return;
    }
    std::string nets = list(rules_.sources.v4_nets);
    add("{} ether type arp arp saddr ip != {{ {} }} drop", from_, nets);
    add("{} ether type ip ip saddr != {{ {} }} drop", from_, nets);
  }

  void v6_filter() {
    if (!rules_.sources.v6) return;
    if (rules_.sources.v6_nets.empty()) return add("{} ether type ip6 drop", from_);
    add("{} ether type ip6 icmpv6 type 134 drop", from_);
    std::string targets;
    for (const IpNetwork& net : rules_.sources.v6_nets) {
      // The target of a neighbour advertisement, compared as far as the prefix goes (in whole bytes, as hex can say it).
      size_t bytes = static_cast<size_t>(net.prefix + 7) / 8;
      std::string prefix(reinterpret_cast<const char*>(net.first().bytes()), bytes);
      targets += std::format(" @nh,384,{} != 0x{}", bytes * 8, hex_encode(prefix));
    }
    add("{} ether type ip6 icmpv6 type 136{} drop", from_, targets);
    add("{} ether type ip6 ip6 saddr != {{ {} }} drop", from_, list(rules_.sources.v6_nets));
  }

  /// With address filters nothing else may slip past in other protocols.
  void other_frames() {
    if (!rules_.sources.v4_nets.empty() || !rules_.sources.v6_nets.empty()) add("{} ether type != {{arp, ip, ip6}} drop", from_);
  }

  void neighbours(const std::string& match) {
    add("{} ether type arp accept", match);
    add("{} ip6 nexthdr ipv6-icmp icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept", match);
  }

  void dns(std::string_view family, const std::string& server) {
    add("{} {} daddr \"{}\" tcp dport 53 accept", from_, family, server);
    add("{} {} daddr \"{}\" udp dport 53 accept", from_, family, server);
  }

  static std::string list(const std::vector<IpNetwork>& nets) {
    StringList texts;
    for (const IpNetwork& net : nets) texts.push_back(net.text());
    return join(texts, ", ");
  }

  Script& script_;
  const NicRules& rules_;
  bool mac_;
  std::string from_, to_, chain_;
};

}  // namespace

void add_nic(Script& script, const NicRules& rules) {
  drop_nic(script, rules.label);
  Builder builder(script, rules);
  builder.input();
  builder.forward();
  builder.output();
}

void drop_nic(Script& script, const std::string& label) { script.drop_chains(kBridge, {"in." + label, "fwd." + label, "out." + label}); }

}  // namespace network::firewall
