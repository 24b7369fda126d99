// `incus network acl` and `incus network address-set`: which traffic networks let through, and named sets of addresses.
#include "api/types/network_acl.h"

#include <cstdio>

#include "api/types/network_address_set.h"
#include "applets/cli/input.h"
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

constexpr Column kAclColumns[] = {{'e', "PROJECT", text_cell<"project">}, {'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'u', "USED BY", count_cell<"used_by">}};
constexpr Noun kAcl = {
    .what = "network ACL",
    .title = "Network ACL",
    .collection = "/1.0/network-acls",
    .wire = kWire<api::NetworkACL, api::NetworkACLPut>,
    .edit_help = "The network ACL as YAML; comment lines like these are dropped.\n\nMembers: description, ingress and egress (lists of rules: action, source, destination,\nprotocol, source_port, destination_port, icmp_type, icmp_code, description, state), config.",
    .columns = kAclColumns,
    .all_projects_column = "e",
    .traits = kHasConfig | kSortUsedBy | kSilentGet,
};

constexpr Column kSetColumns[] = {{'e', "PROJECT", text_cell<"project">}, {'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'a', "ADDRESSES",
                                   [](const Json& item) {
                                     StringList list;
                                     for (const Json& address : item["addresses"]) list.push_back(address.get<std::string>());
                                     return join(list, "\n");
                                   }},
                                  {'u', "USED BY", count_cell<"used_by">}};
constexpr Noun kSet = {
    .what = "network address set",
    .title = "Network address set",
    .collection = "/1.0/network-address-sets",
    .wire = kWire<api::NetworkAddressSet, api::NetworkAddressSetPut>,
    .edit_help = "The address set as YAML; comment lines like these are dropped.\n\nMembers: description, addresses (a list), config.",
    .columns = kSetColumns,
    .all_projects_column = "e",
    .traits = kHasConfig | kSortUsedBy,
};

/// Rule members by their names. Errors: invalid, naming the unknown one.
Result<> check_rule_keys(const StringMap& pairs) {
  for (const auto& [key, value] : pairs) {
    if (!contains({"action", "source", "destination", "protocol", "source_port", "destination_port", "icmp_type", "icmp_code", "description", "state"}, key)) {
      return fail(Code::invalid, "Unknown key: {}", key);
    }
  }
  return {};
}

Result<> rule_add(Call& call) {
  StringMap pairs = TRY(read_pairs(call.args[2]));
  return update_target(call, kAcl, [&](Json& acl) -> Result<> {
    TRY(check_rule_keys(pairs));
    Json rule = Json::object();
    for (const auto& [key, value] : pairs) rule[key] = trim(value);
    if (!call.flags.text("description").empty()) rule["description"] = call.flags.text("description");
    if (rule.value("state", "").empty()) rule["state"] = "enabled";
    acl[call.args[1].text].push_back(std::move(rule));
    return {};
  });
}

Result<> rule_remove(Call& call) {
  StringMap pairs = TRY(read_pairs(call.args[2]));
  return update_target(call, kAcl, [&](Json& acl) -> Result<> {
    TRY(check_rule_keys(pairs));
    auto matches = [&](const Json& rule) {
      return std::ranges::all_of(pairs, [&](const auto& pair) { return member_text(rule, pair.first.c_str()) == pair.second; });
    };
    return remove_matching(acl[call.args[1].text], call.flags.on("force"), matches, "No matching rule(s) found", "Multiple rules match. Use --force to remove them all");
  });
}

Result<> show_log(Call& call) {
  Target target = TRY(target_of(call, kAcl));
  client::Request request;
  request.target = target.path + "/log";
  request.sink = [](std::string_view text) -> Result<> {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return {};
  };
  TRY(target.server.send(call.ctx, std::move(request)));
  return {};
}

/// The pair `addresses=a,b` is a member of the set, others are configuration.
Result<> set_create(Call& call) {
  Arg pairs = call.args[1];
  Json addresses = Json::array();
  std::erase_if(pairs.parts, [&](const Arg& pair) {
    if (pair.parts[0].text != "addresses") return false;
    for (const std::string& address : split(pair.parts[1].text, ',')) addresses.push_back(address);
    return true;
  });
  return create_object(call, kSet, addresses.empty() ? Json::object() : Json{{"addresses", addresses}}, &pairs);
}

Result<> set_add(Call& call) {
  return update_target(call, kSet, [&](Json& set) -> Result<> {
    for (const std::string& address : call.args[1].texts()) set["addresses"].push_back(address);
    return {};
  });
}

Result<> set_remove(Call& call) {
  StringList gone = call.args[1].texts();
  return update_target(call, kSet, [&](Json& set) -> Result<> {
    Json rest = Json::array();
    for (const Json& address : set["addresses"]) {
      if (!contains(gone, address.get<std::string>())) rest.push_back(address);
    }
    if (set["addresses"].size() - rest.size() != gone.size()) return fail(Code::invalid, "One or more provided address isn't currently in the set");
    set["addresses"] = std::move(rest);
    return {};
  });
}

constexpr Flag kForceFlags[] = {{"force|f", FlagKind::boolean, "Remove all that match"}};

constexpr Command kCommands[] = {
    {.path = "network acl", .summary = "Manage network ACLs", .options = kGroup},
    {.path = "network acl create", .usage = "[<remote>:]<new ACL name> [<key>=<value>...]", .summary = "Make a network ACL", .run = create_verb, .flags = kDescriptionFlags, .aliases = "add",
     .examples = "incus network acl create a1 < a1.yaml\n    Make ACL a1 from a document.", .options = kStrictPairs, .data = &kAcl},
    {.path = "network acl delete", .usage = "[<remote>:]<ACL>...", .summary = "Delete network ACLs", .run = delete_verb, .aliases = "rm,remove", .data = &kAcl},
    {.path = "network acl edit", .usage = "[<remote>:]<ACL>", .summary = "Edit a network ACL as YAML", .run = edit_verb, .data = &kAcl},
    {.path = "network acl get", .usage = "[<remote>:]<ACL> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kAcl},
    {.path = "network acl list", .usage = "[<remote>:]", .summary = "List network ACLs", .run = list_verb, .flags = kFormatAllFlags, .aliases = "ls", .data = &kAcl},
    {.path = "network acl rename", .usage = "[<remote>:]<ACL> <new ACL name>", .summary = "Rename a network ACL", .run = rename_verb, .aliases = "mv", .data = &kAcl},
    {.path = "network acl rule", .summary = "Manage the rules of an ACL", .options = kHelpGroup},
    {.path = "network acl rule add", .usage = "[<remote>:]<ACL> (ingress|egress) <key>=<value>...", .summary = "Add a rule", .run = rule_add, .flags = kDescriptionFlags, .aliases = "create"},
    {.path = "network acl rule remove", .usage = "[<remote>:]<ACL> (ingress|egress) [<key>=<value>...]", .summary = "Remove rules", .run = rule_remove, .flags = kForceFlags, .aliases = "delete,rm"},
    {.path = "network acl set", .usage = "[<remote>:]<ACL> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kAcl},
    {.path = "network acl show", .usage = "[<remote>:]<ACL>", .summary = "Show a network ACL", .run = show_verb, .data = &kAcl},
    {.path = "network acl show-log", .usage = "[<remote>:]<ACL>", .summary = "Print what the rules of an ACL logged", .run = show_log},
    {.path = "network acl unset", .usage = "[<remote>:]<ACL> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kAcl},
    {.path = "network address-set", .summary = "Manage sets of addresses", .options = kGroup},
    {.path = "network address-set add", .usage = "[<remote>:]<address set> <address>...", .summary = "Add addresses to a set", .run = set_add},
    {.path = "network address-set create", .usage = "[<remote>:]<new address set name> [<key>=<value>...]", .summary = "Make an address set", .run = set_create, .flags = kDescriptionFlags, .options = kStrictPairs, .data = &kSet},
    {.path = "network address-set delete", .usage = "[<remote>:]<address set>...", .summary = "Delete address sets", .run = delete_verb, .aliases = "rm", .data = &kSet},
    {.path = "network address-set edit", .usage = "[<remote>:]<address set>", .summary = "Edit an address set as YAML", .run = edit_verb, .data = &kSet},
    {.path = "network address-set list", .usage = "[<remote>:]", .summary = "List address sets", .run = list_verb, .flags = kFormatAllFlags, .aliases = "ls", .data = &kSet},
    {.path = "network address-set remove", .usage = "[<remote>:]<address set> <address>...", .summary = "Remove addresses from a set", .run = set_remove},
    {.path = "network address-set rename", .usage = "[<remote>:]<address set> <new address set name>", .summary = "Rename an address set", .run = rename_verb, .aliases = "mv", .data = &kSet},
    {.path = "network address-set set", .usage = "[<remote>:]<address set> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kSet},
    {.path = "network address-set show", .usage = "[<remote>:]<address set>", .summary = "Show an address set", .run = show_verb, .data = &kSet},
    {.path = "network address-set unset", .usage = "[<remote>:]<address set> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kSet},
};

}  // namespace

extern const CommandTable network_acl_commands = kCommands;

}  // namespace cli
