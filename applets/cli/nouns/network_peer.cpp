// `incus network peer` and `incus network integration`: networks joined with each other and with other deployments.
#include "api/types/network_peer.h"

#include "api/types/network_integration.h"
#include "applets/cli/input.h"
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

std::string peer_cell(const Json& peer) {
  std::string project = member_text(peer, "target_project");
  std::string network = member_text(peer, "target_network");
  std::string integration = member_text(peer, "target_integration");
  if (!project.empty() && !network.empty()) return project + "/" + network;
  return integration.empty() ? "Unknown" : integration;
}

constexpr Column kPeerColumns[] = {{'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'p', "PEER", peer_cell}, {'t', "TYPE", text_cell<"type">}, {'s', "STATE", upper_cell<"status">}};
constexpr Noun kPeer = {
    .what = "network peer",
    .title = "Network peer",
    .collection = "/1.0/networks/{}/peers",
    .wire = kWire<api::NetworkPeer, api::NetworkPeerPut>,
    .edit_help = "The network peer as YAML; comment lines like these are dropped.\n\nMembers: description, config. Other members are only shown.",
    .columns = kPeerColumns,
    .traits = kHasConfig | kSilentGet,
};

constexpr Column kIntegrationColumns[] = {{'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'t', "TYPE", text_cell<"type">}, {'u', "USED BY", count_cell<"used_by">}};
constexpr Noun kIntegration = {
    .what = "network integration",
    .title = "Network integration",
    .collection = "/1.0/network-integrations",
    .wire = kWire<api::NetworkIntegration, api::NetworkIntegrationPut>,
    .edit_help = "The network integration as YAML; comment lines like these are dropped.\n\nMembers: description, config. Name and type are only shown.",
    .columns = kIntegrationColumns,
};

Result<> peer_create(Call& call) {
  std::string type = call.flags.text("type");
  if (type != "local" && type != "remote") return fail(Code::invalid, "Invalid peer type");
  Target target = TRY(target_of(call, kPeer));
  StringMap config = TRY(read_pairs(call.args[3]));
  Json document = TRY(document_from_stdin());
  Json body = TRY(kPeer.wire.to_writable(document.is_object() ? document : Json::object()));
  for (const auto& [key, value] : config) body["config"][key] = value;
  if (std::string text = call.flags.text("description"); !text.empty()) body["description"] = text;
  body["name"] = call.args[1].text;
  body["type"] = type;
  const Arg& other = call.args[2];
  if (type == "remote") {
    body["target_integration"] = other.parts[1].text;
  } else {
    body["target_project"] = other.parts[0].get();
    body["target_network"] = other.parts[1].text;
  }
  TRY(target.server.query(call.ctx, http::Method::post, target.path.substr(0, target.path.rfind('/')), api::dump_json(body)));
  if (call.quiet()) return {};
  Json made = TRY_CTX(target.server.get(call.ctx, target.path), "Failed getting peer's status").metadata;
  std::string status = member_text(made, "status");
  if (status == "Created") call.say(std::format("Network peer {} created", call.args[1].text));
  else if (status == "Pending") call.say(std::format("Network peer {} pending (please complete mutual peering on peer network)", call.args[1].text));
  else call.say(std::format("Network peer {} is in unexpected state {}", call.args[1].text, quote(status)));
  return {};
}

Result<> integration_create(Call& call) {
  Target target = TRY(target_of(call, kIntegration));
  Json document = TRY(document_from_stdin());
  if (!document.is_object()) document = Json::object();
  Json body = TRY(kIntegration.wire.to_writable(document));
  body["name"] = call.args[0].object().text;
  body["type"] = call.args[1].text;
  if (!document.contains("config")) {
    for (const auto& [key, value] : TRY(parse_pairs(call.flags.list("config")))) body["config"][key] = value;
  }
  TRY(target.server.query(call.ctx, http::Method::post, "/1.0/network-integrations", api::dump_json(body)));
  call.say(std::format("Network integration {} created", target.shown));
  return {};
}

constexpr Flag kPeerCreateFlags[] = {kDescriptionFlag, {"type|t", FlagKind::text, "local (another network) or remote (an integration)", "local"}};
constexpr Flag kPeerListFlags[] = {columns_flag("ndpts"), kFormatFlag};
constexpr Flag kIntegrationListFlags[] = {columns_flag("ndtu"), kFormatFlag};
constexpr Flag kConfigFlags[] = {{"config|c", FlagKind::list, "Set this key=value (may be repeated)"}};

constexpr Command kCommands[] = {
    {.path = "network integration", .summary = "Manage network integrations", .options = kGroup},
    {.path = "network integration create", .usage = "[<remote>:]<new network integration name> <type>", .summary = "Make a network integration", .run = integration_create, .flags = kConfigFlags, .aliases = "add"},
    {.path = "network integration delete", .usage = "[<remote>:]<network integration>...", .summary = "Delete network integrations", .run = delete_verb, .aliases = "rm,remove", .data = &kIntegration},
    {.path = "network integration edit", .usage = "[<remote>:]<network integration>", .summary = "Edit a network integration as YAML", .run = edit_verb, .data = &kIntegration},
    {.path = "network integration get", .usage = "[<remote>:]<network integration> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kIntegration},
    {.path = "network integration list", .usage = "[<remote>:]", .summary = "List network integrations", .run = list_verb, .flags = kIntegrationListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  n  name\n  t  type\n  u  number of users", .data = &kIntegration},
    {.path = "network integration rename", .usage = "[<remote>:]<network integration> <new network integration name>", .summary = "Rename a network integration", .run = rename_verb, .aliases = "mv", .data = &kIntegration},
    {.path = "network integration set", .usage = "[<remote>:]<network integration> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kIntegration},
    {.path = "network integration show", .usage = "[<remote>:]<network integration>", .summary = "Show a network integration", .run = show_verb, .data = &kIntegration},
    {.path = "network integration unset", .usage = "[<remote>:]<network integration> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kIntegration},
    {.path = "network peer", .summary = "Manage network peers", .options = kGroup},
    {.path = "network peer create", .usage = "[<remote>:]<network> <new peer name> [<target project>/]<target network or integration> [<key>=<value>...]", .summary = "Join a network with another one", .run = peer_create, .flags = kPeerCreateFlags, .aliases = "add",
     .examples = "incus network peer create here p1 other/there\n    Join network here with network there of project other; the other side has to do the same.", .options = kStrictPairs},
    {.path = "network peer delete", .usage = "[<remote>:]<network> <peer>", .summary = "Delete a network peer", .run = delete_verb, .aliases = "rm,remove", .data = &kPeer},
    {.path = "network peer edit", .usage = "[<remote>:]<network> <peer>", .summary = "Edit a network peer as YAML", .run = edit_verb, .data = &kPeer},
    {.path = "network peer get", .usage = "[<remote>:]<network> <peer> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kPeer},
    {.path = "network peer list", .usage = "[<remote>:]<network>", .summary = "List network peers", .run = list_verb, .flags = kPeerListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  n  name\n  p  the other side\n  s  state\n  t  type", .data = &kPeer},
    {.path = "network peer set", .usage = "[<remote>:]<network> <peer> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kPeer},
    {.path = "network peer show", .usage = "[<remote>:]<network> <peer>", .summary = "Show a network peer", .run = show_verb, .data = &kPeer},
    {.path = "network peer unset", .usage = "[<remote>:]<network> <peer> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kPeer},
};

}  // namespace

extern const CommandTable network_peer_commands = kCommands;

}  // namespace cli
