#include "network/acl/validate.h"

#include <algorithm>

#include "base/ip.h"
#include "config/api_name.h"
#include "config/net_checks.h"
#include "network/acl/acl.h"
#include "network/address_set/address_set.h"

namespace network::acl {
namespace {

using Rule = api::NetworkACLRule;

const StringList kActions = {"allow", "allow-stateless", "drop", "reject"};
const StringList kStates = {"enabled", "disabled", "logged"};
const StringList kProtocols = {"icmp4", "icmp6", "tcp", "udp"};
/// Selectors that stand for the network's inside and outside, in their old and new spelling.
const StringList kSelectors = {"#internal", "@internal", "#external", "@external"};

/// What kinds of subjects a list holds.
struct Subjects {
  bool names = false, v4 = false, v6 = false;
};

class RuleCheck {
 public:
  RuleCheck(const Environment& env, const std::string& project, StringList acls) : env_(env), project_(project), acls_(std::move(acls)) {}

  Result<> check(bool ingress, const Rule& rule) const {
    if (!contains(kActions, rule.action)) return fail(Code::invalid, "Action must be one of: {}", join(kActions, ", "));
    if (!contains(kStates, rule.state)) return fail(Code::invalid, "State must be one of: {}", join(kStates, ", "));
    Subjects source, destination;
    if (!rule.source.empty()) source = TRY_CTX(subjects("Source", ingress, rule.source), "Invalid Source");
    if (!rule.destination.empty()) destination = TRY_CTX(subjects("Destination", ingress, rule.destination), "Invalid Destination");
    if (!rule.source.empty() && !rule.destination.empty()) {
      auto lacks = [](bool has, bool other, bool names) { return has && !other && !names; };
      if (lacks(source.v4, destination.v4, destination.names) || lacks(destination.v4, source.v4, source.names) ||
          lacks(source.v6, destination.v6, destination.names) || lacks(destination.v6, source.v6, source.names))
        return fail(Code::invalid, "Conflicting IP family types used for Source and Destination");
    }
    if (rule.protocol.empty()) return without_protocol(rule);
    if (!contains(kProtocols, rule.protocol)) return fail(Code::invalid, "Protocol must be one of: {}", join(kProtocols, ", "));
    return rule.protocol.starts_with("icmp") ? icmp(rule, source, destination) : ports(rule);
  }

 private:
  Result<Subjects> subjects(std::string_view field, bool ingress, const std::string& list) const {
    // Names mean the far end: where ingress comes from and where egress goes to.
    bool names_allowed = (field == "Source") == ingress;
    Subjects found;
    for (const std::string& subject : split(list, ',')) {
      std::string item(trim(subject));
      auto net = IpNetwork::parse_host_or_network(item);
      auto range = IpRange::parse(item);
      if (net || range) {
        ((net ? net->is_v4() : range->first.is_v4()) ? found.v4 : found.v6) = true;
      } else if (contains(acls_, item) || contains(kSelectors, item) || item.starts_with('@')) {
        if (!names_allowed)
          return fail(Code::invalid, "Named subjects not allowed in {} for {} rules", quote(field), quote(ingress ? "ingress" : "egress"));
        found.names = true;
      } else if (item.starts_with('$')) {
        TRY_CTX(address_set::load(env_, project_, item.substr(1)), "Failed getting network address set {} for subject validation", quote(item.substr(1)));
        found.names = true;
      } else {
        return fail(Code::invalid, "Invalid subject {}", quote(item));
      }
    }
    return found;
  }

  static Result<> without_protocol(const Rule& rule) {
    for (auto [value, what] : {std::pair{&rule.icmp_type, "ICMP type"}, {&rule.icmp_code, "ICMP code"}, {&rule.source_port, "Source port"},
                               {&rule.destination_port, "Destination port"}})
      if (!value->empty()) return fail(Code::invalid, "{} cannot be used without specifying protocol", what);
    return {};
  }

  static Result<> ports(const Rule& rule) {
    if (!rule.icmp_type.empty()) return fail(Code::invalid, "ICMP type cannot be used with non-ICMP protocol");
    if (!rule.icmp_code.empty()) return fail(Code::invalid, "ICMP code cannot be used with non-ICMP protocol");
    for (auto [list, what] : {std::pair{&rule.source_port, "Source"}, {&rule.destination_port, "Destination"}})
      for (const std::string& port : split_list(*list)) TRY_CTX(config::is_port_range(port), "Invalid {} port", what);
    return {};
  }

  static Result<> icmp(const Rule& rule, const Subjects& source, const Subjects& destination) {
    if (!rule.source_port.empty()) return fail(Code::invalid, "Source port cannot be used with {} protocol", quote(rule.protocol));
    if (!rule.destination_port.empty()) return fail(Code::invalid, "Destination port cannot be used with {} protocol", quote(rule.protocol));
    bool v4 = rule.protocol == "icmp4";
    for (auto [subjects, what] : {std::pair{&source, "source"}, {&destination, "destination"}})
      if (v4 ? subjects->v6 : subjects->v4)
        return fail(Code::invalid, "Cannot use IPv{} {} addresses with {} protocol", v4 ? 6 : 4, what, quote(rule.protocol));
    if (!rule.icmp_type.empty()) TRY_CTX(config::is_uint8(rule.icmp_type), "Invalid ICMP type");
    if (!rule.icmp_code.empty()) TRY_CTX(config::is_uint8(rule.icmp_code), "Invalid ICMP code");
    return {};
  }

  const Environment& env_;
  const std::string& project_;
  StringList acls_;
};

/// Spaces in lists mean nothing: without them equal rules look equal.
void normalise(Rule& rule) {
  for (std::string* text : {&rule.action, &rule.protocol, &rule.icmp_type, &rule.icmp_code, &rule.description, &rule.state}) *text = trim(*text);
  for (std::string* list : {&rule.source, &rule.destination, &rule.source_port, &rule.destination_port}) {
    StringList items = split(*list, ',');
    for (std::string& item : items) item = trim(item);
    *list = join(items, ",");
  }
}

Result<> check_rules(const RuleCheck& rule_check, std::vector<Rule>& rules, bool ingress) {
  std::string_view direction = ingress ? "ingress" : "egress";
  std::vector<std::string> seen;
  for (size_t i = 0; i < rules.size(); i++) {
    normalise(rules[i]);
    TRY_CTX(rule_check.check(ingress, rules[i]), "Invalid {} rule {}", direction, i);
    std::string text = api::dump(rules[i]);
    if (std::ranges::find(seen, text) != seen.end()) return fail(Code::invalid, "Duplicate of {} rule {}", direction, i);
    seen.push_back(std::move(text));
  }
  return {};
}

}  // namespace

Result<> check_name(const std::string& name) {
  TRY(config::is_api_name(name));
  return config::is_hostname(name);
}

Result<> check(const Environment& env, const std::string& project, api::NetworkACLPut& put) {
  for (const auto& [key, value] : put.config)
    if (!key.starts_with("user.")) return fail(Code::invalid, "Invalid config option {}", quote(key));
  StringList names;
  for (const Acl& acl : TRY(load_all(env, project))) names.push_back(acl.name);
  RuleCheck rule_check(env, project, std::move(names));
  TRY(check_rules(rule_check, put.ingress, true));
  return check_rules(rule_check, put.egress, false);
}

}  // namespace network::acl
