// `incus config`: the configuration of the server, of instances and of their snapshots.
#include "applets/cli/nouns/config.h"

#include <print>

#include "api/types/instance.h"
#include "api/types/instance_snapshot.h"
#include "api/types/server.h"
#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr Noun kServer = {.what = "server", .title = "Server", .collection = "/1.0", .wire = kWire<api::Server, api::ServerPut>, .edit_help = ""};
constexpr std::string_view kInstanceHelp =
    "The instance as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), devices (by name), profiles (a list), description, ephemeral.\nThe name is only shown.";
constexpr Noun kInstance = {.what = "instance", .title = "Instance", .collection = "/1.0/instances", .wire = kWire<api::Instance, api::InstancePut>, .edit_help = kInstanceHelp};
constexpr Noun kSnapshot = {.what = "instance snapshot", .title = "Snapshot", .collection = "/1.0/instances/{}/snapshots", .wire = kWire<api::InstanceSnapshot, api::InstanceSnapshotPut>, .edit_help = kInstanceHelp};

/// What `[<remote>:][<instance>[/<snapshot>]]` means.
struct Subject {
  const Noun& noun;
  client::Server server;
  std::string path;
  bool is_server() const { return &noun == &kServer; }
  bool is_snapshot() const { return &noun == &kSnapshot; }
};

Result<Subject> subject_of(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const Arg& object = call.args[0].parts[0];
  std::string target = call.flags.text("target");
  if (object.skipped) {
    if (!target.empty()) {
      const Json* info = TRY(server.info(call.ctx));
      if (!(*info)["environment"].value("server_clustered", false)) return fail(Code::invalid, "To use --target, the destination remote must be a cluster");
      server = server.target(target);
    }
    return Subject{kServer, server, "/1.0"};
  }
  if (!target.empty()) return fail(Code::invalid, "--target cannot be used with instances");
  std::string path = instance_path(object.parts[0].text);
  if (object.parts[1].skipped) return Subject{kInstance, server, path};
  return Subject{kSnapshot, server, path + "/snapshots/" + url_escape(object.parts[1].text)};
}

Result<> get(Call& call) {
  Subject subject = TRY(subject_of(call));
  const std::string& key = call.args[1].text;
  bool expanded = call.flags.on("expanded");
  if (subject.is_server() && expanded) return fail(Code::invalid, "--expanded cannot be used with a server");
  Json object = TRY(subject.server.get(call.ctx, subject.path)).metadata;
  if (!subject.is_server() && call.flags.on("property")) {
    std::string shown = call.shown(call.args[0]);
    if (!subject.is_snapshot()) shown = quote(shown);
    Json members = TRY(subject.is_snapshot() ? subject.noun.wire.normalize(object) : subject.noun.wire.to_writable(object));
    for (const auto& [name, value] : members.items()) {
      if (!iequals(name, key)) continue;
      std::println("{}", member_property(object, name, value));
      return {};
    }
    return fail(Code::not_found, "The property {} does not exist on the {} {}: The property with tag {} does not exist", quote(key), subject.noun.what, shown, quote(key));
  }
  std::println("{}", member_text(object[expanded ? "expanded_config" : "config"], key.c_str()));
  return {};
}

Result<> change_config(Json& config, const StringMap& changes, bool unset, bool strict) {
  for (const auto& [key, value] : changes) {
    if (unset && strict && !config.contains(key)) return fail(Code::not_found, "Can't unset key '{}', it's not currently set", key);
    if (unset && strict) config.erase(key);
    else config[key] = value;
  }
  return {};
}

Result<> change(Call& call, bool unset) {
  StringMap changes;
  if (unset) {
    for (const std::string& key : call.args[1].texts()) changes[key] = "";
  } else {
    changes = TRY(read_pairs(call.args[1]));
  }
  Subject subject = TRY(subject_of(call));
  bool properties = call.flags.on("property") && !subject.is_server();
  if (subject.is_snapshot() && !properties) return fail(Code::invalid, "There is no config key to set on an instance snapshot.");
  return update_object(call, subject.server, subject.path, subject.noun, [&](Json& writable) -> Result<> {
    if (properties) return change_members(subject.noun, changes, unset, writable);
    return change_config(writable["config"], changes, unset, !subject.is_server());
  });
}

Result<> set(Call& call) { return change(call, false); }
Result<> unset(Call& call) { return change(call, true); }

/// What is shown of an instance, snapshot or server.
Result<Json> shown_object(const Subject& subject, const Json& object, bool expanded) {
  Json shown = TRY(subject.is_snapshot() ? subject.noun.wire.normalize(object) : subject.noun.wire.to_writable(object));
  if (expanded) {
    shown["config"] = object["expanded_config"];
    shown["devices"] = object["expanded_devices"];
  }
  return shown;
}

Result<> show(Call& call) {
  Subject subject = TRY(subject_of(call));
  bool expanded = call.flags.on("expanded");
  if (subject.is_server() && expanded) return fail(Code::invalid, "--expanded cannot be used with a server");
  Json object = TRY(subject.server.get(call.ctx, subject.path)).metadata;
  std::print("{}", api::dump_yaml(TRY(shown_object(subject, object, expanded))));
  return {};
}

Result<> edit(Call& call) {
  Subject subject = TRY(subject_of(call));
  std::string text, etag;
  if (stdin_is_terminal()) {
    client::Reply reply = TRY(subject.server.get(call.ctx, subject.path));
    etag = reply.etag;
    Json object = TRY(subject.is_server() ? subject.noun.wire.to_writable(reply.metadata) : subject.noun.wire.normalize(reply.metadata));
    object = without(std::move(object), {"expanded_config", "expanded_devices"});
    text = subject.is_server() ? api::dump_yaml(object) : editor_text(subject.noun.edit_help, object);
  }
  return edit_until(text, [&](const std::string& content) -> Result<> {
    Json document = TRY(api::parse_yaml(content));
    Json writable = TRY(subject.noun.wire.to_writable(document.is_object() ? document : Json::object()));
    TRY(run_request(call, subject.server, http::Method::put, subject.path, api::dump_json(writable), etag));
    return {};
  });
}

constexpr Flag kExpandedFlag = {"expanded|e", FlagKind::boolean, "With what the profiles add"};
constexpr Flag kGetFlags[] = {kExpandedFlag, kPropertyFlag, kTargetFlag};
constexpr Flag kShowFlags[] = {kExpandedFlag, kTargetFlag};

constexpr Command kCommands[] = {
    {.path = "config", .summary = "Manage the configuration of the server and of instances", .options = kGroup},
    {.path = "config edit", .usage = "[<remote>:][<instance>[/<snapshot>]]", .summary = "Edit a configuration as YAML", .run = edit, .flags = kTargetFlags,
     .examples = "incus config edit c1 < c1.yaml\n    Take the configuration of instance c1 from a document."},
    {.path = "config get", .usage = "[<remote>:][<instance>[/<snapshot>]] <key>", .summary = "Print the value of a key", .run = get, .flags = kGetFlags, .options = kRightToLeft},
    {.path = "config set", .usage = "[<remote>:][<instance>[/<snapshot>]] <key>=<value>...", .summary = "Set keys", .run = set, .flags = kPropertyTargetFlags,
     .about = "The value - is read from standard input. `KEY VALUE` is still understood for one key.",
     .examples = "incus config set c1 limits.cpu=2\n    Instance c1 may use two processors.\n\nincus config set core.https_address=[::]:8443\n    The server listens on port 8443.", .options = kRightToLeft},
    {.path = "config show", .usage = "[<remote>:][<instance>[/<snapshot>]]", .summary = "Show a configuration", .run = show, .flags = kShowFlags},
    {.path = "config unset", .usage = "[<remote>:][<instance>[/<snapshot>]] <key>...", .summary = "Unset keys", .run = unset, .flags = kPropertyTargetFlags,
     .about = "Several keys at once need an instance.", .options = kSingleFromRight},
};

}  // namespace

std::string instance_path(const std::string& name) { return "/1.0/instances/" + url_escape(name); }

Json without(Json object, std::initializer_list<const char*> members) {
  for (const char* member : members) object.erase(member);
  return object;
}

extern const CommandTable config_commands = kCommands;

}  // namespace cli
