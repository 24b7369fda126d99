// `incus network`: bridges and other networks, and the devices that attach instances to them.
#include "api/types/network.h"

#include "api/types/instance.h"
#include "api/types/profile.h"
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr Column kColumns[] = {
    {'e', "PROJECT", text_cell<"project">},     {'n', "NAME", text_cell<"name">},
    {'t', "TYPE", text_cell<"type">},           {'m', "MANAGED", yes_no_cell<"managed">},
    {'4', "IPV4", config_cell<"ipv4.address">}, {'6', "IPV6", config_cell<"ipv6.address">},
    {'d', "DESCRIPTION", text_cell<"description">}, {'u', "USED BY", count_cell<"used_by">},
    {'s', "STATE", upper_cell<"status">},
};

constexpr Noun kNoun = {
    .what = "network",
    .title = "Network",
    .collection = "/1.0/networks",
    .wire = kWire<api::Network, api::NetworkPut>,
    .edit_help = "The network as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description.\nOther members are only shown.",
    .columns = kColumns,
    .all_projects_column = "e",
    .traits = kHasConfig | kSortUsedBy | kSilentGet | kHasMembers,
};

Result<> create(Call& call) { return create_object(call, kNoun, {{"type", call.flags.text("type")}}, &call.args[1]); }

/// The device a network is attached with: by name if it is managed, else by its interface.
Result<Json> device_for(Call& call, client::Server& server, const std::string& network) {
  client::Reply reply = TRY(server.get(call.ctx, "/1.0/networks/" + url_escape(network)));
  if (reply.metadata.value("managed", false)) return Json{{"type", "nic"}, {"network", network}};
  bool bridge = reply.metadata.value("type", "") == "bridge";
  return Json{{"type", "nic"}, {"nictype", bridge ? "bridged" : "macvlan"}, {"parent", network}};
}

template <class Put>
Result<> attach_to(Call& call, const std::string& collection) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& network = call.args[0].object().text;
  Json device = TRY(device_for(call, server, network));
  const Arg& names = call.args[2];
  std::string name = names.skipped ? network : names.parts[0].text;
  device["name"] = names.skipped ? "" : names.parts[1].get();
  return change_devices<Put>(call, server, collection + url_escape(call.args[1].text), [&](Json& devices) -> Result<> {
    if (devices.contains(name)) return fail(Code::conflict, "Device already exists: {}", name);
    devices[name] = device;
    return {};
  });
}

template <class Put>
Result<> detach_from(Call& call, const std::string& collection) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& network = call.args[0].object().text;
  return change_devices<Put>(call, server, collection + url_escape(call.args[1].text), [&](Json& devices) -> Result<> {
    std::string name = call.args[2].get();
    if (name.empty()) {
      for (const auto& [key, device] : devices.items()) {
        if (device.value("type", "") != "nic" || (device.value("parent", "") != network && device.value("network", "") != network)) continue;
        if (!name.empty()) return fail(Code::invalid, "More than one device matches, specify the device name");
        name = key;
      }
    }
    if (name.empty()) return fail(Code::not_found, "No device found for this network");
    if (!devices.contains(name)) return fail(Code::not_found, "The specified device doesn't exist");
    const Json& device = devices[name];
    if (device.value("type", "") != "nic" || (device.value("parent", "") != network && device.value("network", "") != network)) {
      return fail(Code::invalid, "The specified device doesn't match the network");
    }
    devices.erase(name);
    return {};
  });
}

Result<> attach(Call& call) { return attach_to<api::InstancePut>(call, "/1.0/instances/"); }
Result<> attach_profile(Call& call) { return attach_to<api::ProfilePut>(call, "/1.0/profiles/"); }
Result<> detach(Call& call) { return detach_from<api::InstancePut>(call, "/1.0/instances/"); }
Result<> detach_profile(Call& call) { return detach_from<api::ProfilePut>(call, "/1.0/profiles/"); }

constexpr Flag kCreateFlags[] = {kDescriptionFlag, kTargetFlag, {"type|t", FlagKind::text, "Type of the network"}};
constexpr Flag kListFlags[] = {columns_flag("ntm46dus"), kFormatFlag, kAllProjectsFlag, kTargetFlag};
constexpr Flag kLeaseFlags[] = {columns_flag("hmit"), kFormatFlag};
constexpr Flag kAllocationFlags[] = {columns_flag("uaNtnm"), kFormatFlag, kAllProjectsFlag, {"summary", FlagKind::boolean, "Count used addresses for each subnet"}};

constexpr Command kCommands[] = {
    {.path = "network", .summary = "Manage networks and attach instances to them", .options = kGroup},
    {.path = "network attach", .usage = "[<remote>:]<network> <instance> [<new device name> [<new interface name>]]", .summary = "Attach an instance to a network", .run = attach},
    {.path = "network attach-profile", .usage = "[<remote>:]<network> <profile> [<new device name> [<new interface name>]]", .summary = "Attach a profile to a network", .run = attach_profile},
    {.path = "network create", .usage = "[<remote>:]<new network name> [<key>=<value>...]", .summary = "Make a network", .run = create, .flags = kCreateFlags, .aliases = "add",
     .examples = "incus network create foo ipv4.address=10.1.2.1/24\n    A bridge with this subnet.\n\nincus network create bar --type ovn network=foo\n    An OVN network above it.",
     .options = kStrictPairs, .data = &kNoun},
    {.path = "network delete", .usage = "[<remote>:]<network>...", .summary = "Delete networks", .run = delete_verb, .aliases = "rm,remove", .data = &kNoun},
    {.path = "network detach", .usage = "[<remote>:]<network> <instance> [<device>]", .summary = "Detach an instance from a network", .run = detach},
    {.path = "network detach-profile", .usage = "[<remote>:]<network> <profile> [<device>]", .summary = "Detach a profile from a network", .run = detach_profile},
    {.path = "network edit", .usage = "[<remote>:]<network>", .summary = "Edit a network as YAML", .run = edit_verb, .data = &kNoun},
    {.path = "network get", .usage = "[<remote>:]<network> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
    {.path = "network info", .usage = "[<remote>:]<network>", .summary = "Show addresses and traffic of a network", .run = network_info, .flags = kTargetFlags},
    {.path = "network list", .usage = "[<remote>:] [<filter>...]", .summary = "List networks", .run = list_verb, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  4  IPv4 subnet\n  6  IPv6 subnet\n  d  description\n  e  project\n  m  managed by this server\n  n  name\n  s  state\n  t  type\n  u  number of users", .data = &kNoun},
    {.path = "network list-allocations", .usage = "[<remote>:]", .summary = "List addresses in use", .run = network_allocations, .flags = kAllocationFlags},
    {.path = "network list-leases", .usage = "[<remote>:]<network>", .summary = "List DHCP leases", .run = network_leases, .flags = kLeaseFlags},
    {.path = "network rename", .usage = "[<remote>:]<network> <new network name>", .summary = "Rename a network", .run = rename_verb, .aliases = "mv", .data = &kNoun},
    {.path = "network set", .usage = "[<remote>:]<network> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
    {.path = "network show", .usage = "[<remote>:]<network>", .summary = "Show a network", .run = show_verb, .flags = kTargetFlags, .data = &kNoun},
    {.path = "network unset", .usage = "[<remote>:]<network> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
};

}  // namespace

extern const CommandTable network_commands = kCommands;

}  // namespace cli
