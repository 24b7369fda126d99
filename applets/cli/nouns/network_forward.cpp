// `incus network forward` and `incus network load-balancer`: addresses of a network whose traffic goes to instances.
#include "api/types/network_forward.h"

#include <print>

#include "api/types/network_load_balancer.h"
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

constexpr Column kForwardColumns[] = {{'l', "LISTEN ADDRESS", text_cell<"listen_address">},
                                      {'d', "DESCRIPTION", text_cell<"description">},
                                      {'D', "DEFAULT TARGET ADDRESS", config_cell<"target_address">},
                                      {'p', "PORTS", count_cell<"ports">},
                                      {'L', "LOCATION", text_cell<"location">}};
constexpr Noun kForward = {
    .what = "network forward",
    .title = "Network forward",
    .collection = "/1.0/networks/{}/forwards",
    .wire = kWire<api::NetworkForward, api::NetworkForwardPut>,
    .edit_help = "The network forward as YAML; comment lines like these are dropped.\n\nMembers: description, config (target_address: where all other traffic goes),\nports (a list: protocol, listen_port, target_address, target_port, description).",
    .columns = kForwardColumns,
    .traits = kHasConfig | kSilentGet | kLocationColumn,
    .id = "listen_address",
};

constexpr Column kBalancerColumns[] = {{'l', "LISTEN ADDRESS", text_cell<"listen_address">}, {'d', "DESCRIPTION", text_cell<"description">}, {'p', "PORTS", count_cell<"ports">}, {'L', "LOCATION", text_cell<"location">}};
constexpr Noun kBalancer = {
    .what = "load balancer",
    .title = "Network load balancer",
    .collection = "/1.0/networks/{}/load-balancers",
    .wire = kWire<api::NetworkLoadBalancer, api::NetworkLoadBalancerPut>,
    .edit_help = "The load balancer as YAML; comment lines like these are dropped.\n\nMembers: description, config, backends (a list: name, target_address, target_port, description),\nports (a list: protocol, listen_port, target_backend, description).",
    .columns = kBalancerColumns,
    .traits = kHasConfig | kSilentGet | kLocationColumn,
    .id = "listen_address",
};

Result<> forward_port_add(Call& call) {
  return update_target(call, kForward, [&](Json& forward) -> Result<> {
    Json port = {{"protocol", call.args[2].text}, {"listen_port", call.args[3].text}, {"target_address", call.args[4].text}};
    port["target_port"] = call.args[5].get();
    port["description"] = call.flags.text("description");
    forward["ports"].push_back(std::move(port));
    return {};
  });
}

/// Removes the ports of the protocol and listen port that were given, if any.
Result<> port_remove(Call& call, const Noun& noun) {
  return update_target(call, noun, [&](Json& object) -> Result<> {
    const Arg& given = call.args[2];
    auto matches = [&](const Json& port) {
      if (given.skipped) return true;
      if (member_text(port, "protocol") != given.parts[0].text) return false;
      return given.parts[1].skipped || member_text(port, "listen_port") == given.parts[1].text;
    };
    return remove_matching(object["ports"], call.flags.on("force"), matches, "No matching port(s) found", "Multiple ports match. Use --force to remove them all");
  });
}

Result<> forward_port_remove(Call& call) { return port_remove(call, kForward); }
Result<> balancer_port_remove(Call& call) { return port_remove(call, kBalancer); }

Result<> balancer_port_add(Call& call) {
  return update_target(call, kBalancer, [&](Json& balancer) -> Result<> {
    balancer["ports"].push_back({{"protocol", call.args[2].text}, {"listen_port", call.args[3].text}, {"target_backend", call.args[4].texts()}, {"description", call.flags.text("description")}});
    return {};
  });
}

Result<> backend_add(Call& call) {
  return update_target(call, kBalancer, [&](Json& balancer) -> Result<> {
    balancer["backends"].push_back({{"name", call.args[2].text}, {"target_address", call.args[3].text}, {"target_port", call.args[4].get()}, {"description", call.flags.text("description")}});
    return {};
  });
}

Result<> backend_remove(Call& call) {
  return update_target(call, kBalancer, [&](Json& balancer) -> Result<> {
    return remove_matching(balancer["backends"], true, [&](const Json& backend) { return member_text(backend, "name") == call.args[2].text; }, "No matching backend found", "");
  });
}

Result<> balancer_info(Call& call) {
  Target target = TRY(target_of(call, kBalancer));
  Json state = TRY(target.server.get(call.ctx, target.path + "/state")).metadata;
  if (!state.contains("backend_health") || state["backend_health"].is_null()) return fail(Code::not_found, "No load-balancer health information available");
  std::println("Backend health:");
  for (const auto& [name, backend] : state["backend_health"].items()) {
    if (!backend.contains("ports") || backend["ports"].empty()) continue;
    std::println("  {} ({}):", name, member_text(backend, "address"));
    for (const Json& port : backend["ports"]) std::println("    - {}/{}: {}", member_text(port, "protocol"), member_text(port, "port"), member_text(port, "status"));
    std::println("");
  }
  return {};
}

constexpr Flag kForwardListFlags[] = {columns_flag("ldDp"), kFormatFlag};
constexpr Flag kBalancerListFlags[] = {columns_flag("ldp"), kFormatFlag};
constexpr Flag kPortRemoveFlags[] = {{"force|f", FlagKind::boolean, "Remove all that match"}, kTargetFlag};

constexpr Command kCommands[] = {
    {.path = "network forward", .summary = "Manage network forwards", .options = kGroup},
    {.path = "network forward create", .usage = "[<remote>:]<network> <listen address> [<key>=<value>...]", .summary = "Make a network forward", .run = create_verb, .flags = kDescriptionTargetFlags, .aliases = "add",
     .examples = "incus network forward create n1 127.0.0.1\n    Forward traffic to 127.0.0.1 on network n1.", .options = kStrictPairs, .data = &kForward},
    {.path = "network forward delete", .usage = "[<remote>:]<network> <listen address>", .summary = "Delete a network forward", .run = delete_verb, .flags = kTargetFlags, .aliases = "rm,remove", .data = &kForward},
    {.path = "network forward edit", .usage = "[<remote>:]<network> <listen address>", .summary = "Edit a network forward as YAML", .run = edit_verb, .flags = kTargetFlags, .data = &kForward},
    {.path = "network forward get", .usage = "[<remote>:]<network> <listen address> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kForward},
    {.path = "network forward list", .usage = "[<remote>:]<network>", .summary = "List network forwards", .run = list_verb, .flags = kForwardListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  D  default target address\n  l  listen address\n  L  cluster member\n  p  number of ports", .data = &kForward},
    {.path = "network forward port", .summary = "Manage the ports of a forward", .options = kHelpGroup},
    {.path = "network forward port add", .usage = "[<remote>:]<network> <listen address> <protocol> <listen port>[,<listen port>...] <target address> [<target port>[,<target port>...]]", .summary = "Add ports to a forward", .run = forward_port_add, .flags = kDescriptionTargetFlags, .aliases = "create"},
    {.path = "network forward port remove", .usage = "[<remote>:]<network> <listen address> [<protocol> [<listen port>[,<listen port>...]]]", .summary = "Remove ports from a forward", .run = forward_port_remove, .flags = kPortRemoveFlags, .aliases = "delete,rm"},
    {.path = "network forward set", .usage = "[<remote>:]<network> <listen address> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyTargetFlags, .data = &kForward},
    {.path = "network forward show", .usage = "[<remote>:]<network> <listen address>", .summary = "Show a network forward", .run = show_verb, .flags = kTargetFlags, .data = &kForward},
    {.path = "network forward unset", .usage = "[<remote>:]<network> <listen address> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kForward},
    {.path = "network load-balancer", .summary = "Manage network load balancers", .options = kGroup},
    {.path = "network load-balancer backend", .summary = "Manage the backends of a load balancer", .options = kHelpGroup},
    {.path = "network load-balancer backend add", .usage = "[<remote>:]<network> <listen address> <new backend name> <target address> [<target port>[,<target port>...]]", .summary = "Add a backend to a load balancer", .run = backend_add, .flags = kDescriptionTargetFlags, .aliases = "create"},
    {.path = "network load-balancer backend remove", .usage = "[<remote>:]<network> <listen address> <backend>", .summary = "Remove a backend from a load balancer", .run = backend_remove, .flags = kTargetFlags, .aliases = "delete,rm"},
    {.path = "network load-balancer create", .usage = "[<remote>:]<network> <listen address> [<key>=<value>...]", .summary = "Make a load balancer", .run = create_verb, .flags = kDescriptionTargetFlags, .aliases = "add", .options = kStrictPairs, .data = &kBalancer},
    {.path = "network load-balancer delete", .usage = "[<remote>:]<network> <listen address>", .summary = "Delete a load balancer", .run = delete_verb, .flags = kTargetFlags, .aliases = "rm,remove", .data = &kBalancer},
    {.path = "network load-balancer edit", .usage = "[<remote>:]<network> <listen address>", .summary = "Edit a load balancer as YAML", .run = edit_verb, .flags = kTargetFlags, .data = &kBalancer},
    {.path = "network load-balancer get", .usage = "[<remote>:]<network> <listen address> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kBalancer},
    {.path = "network load-balancer info", .usage = "[<remote>:]<network> <listen address>", .summary = "Show the health of the backends", .run = balancer_info},
    {.path = "network load-balancer list", .usage = "[<remote>:]<network>", .summary = "List load balancers", .run = list_verb, .flags = kBalancerListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  l  listen address\n  L  cluster member\n  p  number of ports", .data = &kBalancer},
    {.path = "network load-balancer port", .summary = "Manage the ports of a load balancer", .options = kHelpGroup},
    {.path = "network load-balancer port add", .usage = "[<remote>:]<network> <listen address> <protocol> <listen port>[,<listen port>...] <backend>[,<backend>...]", .summary = "Add ports to a load balancer", .run = balancer_port_add, .flags = kDescriptionTargetFlags, .aliases = "create"},
    {.path = "network load-balancer port remove", .usage = "[<remote>:]<network> <listen address> [<protocol> [<listen port>[,<listen port>...]]]", .summary = "Remove ports from a load balancer", .run = balancer_port_remove, .flags = kPortRemoveFlags, .aliases = "delete,rm"},
    {.path = "network load-balancer set", .usage = "[<remote>:]<network> <listen address> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyTargetFlags, .data = &kBalancer},
    {.path = "network load-balancer show", .usage = "[<remote>:]<network> <listen address>", .summary = "Show a load balancer", .run = show_verb, .flags = kTargetFlags, .data = &kBalancer},
    {.path = "network load-balancer unset", .usage = "[<remote>:]<network> <listen address> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kBalancer},
};

}  // namespace

extern const CommandTable network_forward_commands = kCommands;

}  // namespace cli
