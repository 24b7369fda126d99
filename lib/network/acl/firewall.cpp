// ACL rules as nft rules. One ACL rule may need several: one for each address family, and one for each address set it names.
#include <algorithm>

#include "base/ip.h"
#include "network/acl/acl.h"
#include "network/address_set/address_set.h"

namespace network::acl {
namespace {

/// An ACL rule on its way to nft.
struct Rule {
  bool ingress;
  std::string action;
  api::NetworkACLRule match;
  bool logged = false;
  std::string log_name;
};

bool is_v4(const std::string& subject) {
  if (auto net = IpNetwork::parse_host_or_network(subject)) return net->is_v4();
  auto range = IpRange::parse(subject);
  return range && range->first.is_v4();
}

/// What a subject list matches in one family: a fragment for each address set and one for all plain addresses.
/// `partial`: the list has subjects that may need the other family.
Result<StringList> subject_matches(const std::string& list, std::string_view direction, int family, bool& partial) {
  std::string ip = family == 4 ? "ip" : "ip6";
  StringList fragments, plain;
  for (const std::string& item : split_list(list)) {
    if (item.starts_with('$')) {
      partial = true;  // a set may hold addresses of both families
      fragments.push_back(std::format("{} {} @{}_ipv{}", ip, direction, item.substr(1), family));
    } else if (!IpNetwork::parse_host_or_network(item) && !IpRange::parse(item)) {
      return fail(Code::invalid, "Unsupported nftables subject {}", quote(item));
    } else if (is_v4(item) == (family == 4)) {
      plain.push_back(item);
    } else {
      partial = true;
    }
  }
  if (!plain.empty()) fragments.push_back(std::format("{} {} {{{}}}", ip, direction, join(plain, ",")));
  return fragments;
}

/// Protocol, ports, logging and verdict.
std::string rule_tail(const Rule& rule, const std::string& action) {
  std::string out;
  auto add = [&](std::string_view text) { out += " " + std::string(text); };
  const api::NetworkACLRule& match = rule.match;
  if (match.protocol == "tcp" || match.protocol == "udp") {
    add("meta l4proto " + match.protocol);
    if (!match.source_port.empty()) add("th sport {" + join(split_list(match.source_port), ",") + "}");
    if (!match.destination_port.empty()) add("th dport {" + join(split_list(match.destination_port), ",") + "}");
  } else if (!match.protocol.empty()) {
    std::string name = match.protocol == "icmp4" ? "icmp" : "icmpv6";
    add(match.protocol == "icmp4" ? "ip protocol icmp" : "ip6 nexthdr icmpv6");
    if (!match.icmp_type.empty()) add(name + " type " + match.icmp_type);
    if (!match.icmp_type.empty() && !match.icmp_code.empty()) add(name + " code " + match.icmp_code);
  }
  if (rule.logged) add(std::format("log prefix \"{} \"", rule.log_name));
  add(action.starts_with("allow") ? "accept" : action);
  return out;
}

/// The nft rules of one family; `partial` tells whether the other family is needed too.
Result<StringList> family_rules(const Rule& rule, const std::string& action, const std::string& interface, int family, bool& partial) {
  const api::NetworkACLRule& match = rule.match;
  int icmp_family = match.protocol == "icmp4" ? 4 : match.protocol == "icmp6" ? 6 : 0;
  if (icmp_family && icmp_family != family) {
    partial = true;  // the other family has it
    return StringList{};
  }
  std::string base = std::format("{} \"{}\"", rule.ingress ? "oifname" : "iifname", interface);
  StringList heads = {base};
  for (auto [list, direction] : {std::pair{&match.source, "saddr"}, {&match.destination, "daddr"}}) {
    if (list->empty()) continue;
    StringList fragments = TRY(subject_matches(*list, direction, family, partial)), combined;
    for (const std::string& head : heads)
      for (const std::string& fragment : fragments) combined.push_back(head + " " + fragment);
    heads = std::move(combined);
  }
  std::string tail = rule_tail(rule, action);
  for (std::string& head : heads) head += tail;
  return heads;
}

/// All nft rules of one ACL rule.
Result<StringList> nft_rules(const Rule& rule, const std::string& action, const std::string& interface) {
  bool partial = false, ignored = false;
  StringList rules = TRY(family_rules(rule, action, interface, 4, partial));
  if (partial)
    for (std::string& more : TRY(family_rules(rule, action, interface, 6, ignored))) rules.push_back(std::move(more));
  return rules;
}

/// Rules in the order of their weight (drop, reject, allow), then the defaults.
struct Plan {
  std::vector<Rule> rules;
  Rule default_egress, default_ingress;
  StringList sets;  ///< address sets the rules name
};

Result<Plan> plan(const Environment& env, const std::string& project, const std::string& log_prefix, const StringMap& config) {
  Plan out;
  auto add = [&](const api::NetworkACLRule& rule, bool ingress, size_t index) {
    if (rule.state == "disabled") return;
    out.rules.push_back({ingress, rule.action, rule, rule.state == "logged", std::format("{}-{}-{}", log_prefix, ingress ? "ingress" : "egress", index)});
    for (const std::string& list : {rule.source, rule.destination})
      for (const std::string& item : split_list(list))
        if (item.starts_with('$') && !contains(out.sets, item.substr(1))) out.sets.push_back(item.substr(1));
  };
  for (const std::string& name : split_list(get_or(config, "security.acls"))) {
    Acl acl = TRY_CTX(load(env, project, name), "Failed loading ACL {} for network {}", quote(name), quote(log_prefix));
    for (size_t i = 0; i < acl.ingress.size(); i++) add(acl.ingress[i], true, i);
    for (size_t i = 0; i < acl.egress.size(); i++) add(acl.egress[i], false, i);
  }
  auto weight = [](const Rule& rule) { return rule.action == "drop" ? 0 : rule.action == "reject" ? 1 : rule.action == "allow" ? 2 : 3; };
  std::ranges::stable_sort(out.rules, {}, weight);
  auto fallback = [&](bool ingress) {
    std::string direction = ingress ? "ingress" : "egress", key = "security.acls.default." + direction;
    std::string action = get_or(config, key + ".action");
    return Rule{ingress, action.empty() ? "reject" : action, {}, is_true(get_or(config, key + ".logged")), log_prefix + "-" + direction};
  };
  out.default_egress = fallback(false);
  out.default_ingress = fallback(true);
  return out;
}

}  // namespace

Result<> add_network_rules(firewall::Script& script, const Environment& env, const Record& network) {
  if (get_or(network.config, "security.acls").empty()) return {};
  Plan wanted = TRY(plan(env, network.project, network.name, network.config));
  TRY(address_set::add_sets(script, "inet", env, network.project, wanted.sets));
  std::string chain = "acl." + network.name;
  script.chain("inet", chain);
  script.rule("inet", chain, "ct state established,related accept");
  wanted.rules.push_back(wanted.default_egress);
  wanted.rules.push_back(wanted.default_ingress);
  for (const Rule& rule : wanted.rules)
    for (const std::string& text : TRY(nft_rules(rule, rule.action, network.name))) script.rule("inet", chain, text);
  return {};
}

Result<firewall::NicAclRules> nic_rules(firewall::Script& script, const Environment& env, const std::string& project, const std::string& device,
                                        const std::string& host_name, const StringMap& config) {
  firewall::NicAclRules out;
  if (get_or(config, "security.acls").empty()) return out;
  out.any = true;
  Plan wanted = TRY(plan(env, project, device, config));
  TRY(address_set::add_sets(script, "bridge", env, project, wanted.sets));
  auto append = [&](StringList& to, const Rule& rule, const std::string& action) -> Result<> {
    for (std::string& text : TRY(nft_rules(rule, action, host_name))) to.push_back(std::move(text));
    return {};
  };
  for (const Rule& rule : wanted.rules) {
    bool accept = rule.action.starts_with("allow");
    // A bridge can answer only what enters the host: elsewhere "reject" becomes "drop".
    std::string hard = rule.action == "reject" ? "drop" : rule.action;
    if (rule.ingress) {
      TRY(append(accept ? out.out_accept : out.out_drop, rule, hard));
    } else if (rule.action == "reject") {
      TRY(append(out.in_reject, rule, "reject"));
      TRY(append(out.in_reject_as_drop, rule, "drop"));
    } else {
      TRY(append(accept ? out.in_accept : out.in_drop, rule, rule.action));
    }
  }
  auto only = [&](const Rule& rule, bool soften) -> Result<std::string> {
    return TRY(nft_rules(rule, soften && rule.action == "reject" ? "drop" : rule.action, host_name)).front();
  };
  out.in_default = TRY(only(wanted.default_egress, false));
  out.in_default_as_drop = TRY(only(wanted.default_egress, true));
  out.out_default = TRY(only(wanted.default_ingress, true));
  return out;
}

}  // namespace network::acl
