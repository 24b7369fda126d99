// `incus project`: separate worlds of instances, images, profiles, networks and volumes on one server.
#include "api/types/project.h"

#include <print>

#include "api/yaml.h"
#include "api/types/access.h"
#include "applets/cli/ask.h"
#include "applets/cli/input.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"
#include "base/units.h"

namespace cli {

namespace {

template <Literal kKey>
std::string feature_cell(const Json& item) {
  return yes_no(is_true(config_cell<kKey>(item)));
}

constexpr Column kColumns[] = {
    {'n', "NAME", text_cell<"name">},
    {'i', "IMAGES", feature_cell<"features.images">},
    {'p', "PROFILES", feature_cell<"features.profiles">},
    {'v', "STORAGE VOLUMES", feature_cell<"features.storage.volumes">},
    {'b', "STORAGE BUCKETS", feature_cell<"features.storage.buckets">},
    {'w', "NETWORKS", feature_cell<"features.networks">},
    {'z', "NETWORK ZONES", feature_cell<"features.networks.zones">},
    {'d', "DESCRIPTION", text_cell<"description">},
    {'u', "USED BY", count_cell<"used_by">},
};

constexpr Noun kNoun = {
    .what = "project",
    .title = "Project",
    .collection = "/1.0/projects",
    .wire = kWire<api::Project, api::ProjectPut>,
    .edit_help = "The project as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description.\nThe name is only shown: use `incus project rename`.",
    .columns = kColumns,
};

Result<> create(Call& call) {
  Json document = TRY(document_from_stdin());
  if (!document.is_object()) document = Json::object();
  bool has_config = document.contains("config") && document["config"].is_object();
  Json body = TRY(retyped<api::ProjectPut>(document));
  if (!has_config) {
    for (const std::string& text : call.flags.list("config")) {
      size_t equals = text.find('=');
      if (equals == std::string::npos) return fail(Code::invalid, "Bad key=value pair: {}", quote(text));
      body["config"][text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  body["name"] = call.args[0].object().text;
  if (std::string text = call.flags.text("description"); !text.empty()) body["description"] = text;
  client::Server server = TRY(call.server(call.args[0]));
  TRY(run_request(call, server, http::Method::post, "/1.0/projects", api::dump_json(body)));
  call.say(std::format("Project {} created", call.shown(call.args[0])));
  return {};
}

Result<> delete_one(Call& call, const Arg& arg) {
  client::Server server = TRY(call.server(arg));
  const std::string& name = arg.object().text;
  std::string path = "/1.0/projects/" + url_escape(name);
  if (call.flags.on("force")) {
    std::print("Remove {} and everything it contains (instances, images, volumes, networks, ...) (yes/no): ", call.shown(arg));
    std::fflush(stdout);
    auto answer = read_line();
    if (!answer || to_lower(*answer) != "yes") return fail(Code::cancelled, "User aborted delete operation");
    path += "?force=1";
  }
  TRY(run_request(call, server, http::Method::delete_, path));
  call.say(std::format("Project {} deleted", call.shown(arg)));
  auto remote = call.config.remotes.find(arg.remote);
  if (remote != call.config.remotes.end() && remote->second.project == name) {
    remote->second.project.clear();
    return call.config.save();
  }
  return {};
}

Result<> remove(Call& call) {
  std::string problems;
  for (const Arg& arg : call.args[0].parts) {
    Result<> deleted = delete_one(call, arg);
    if (!deleted) problems += (problems.empty() ? "" : "\n") + deleted.error().message();
  }
  if (!problems.empty()) return fail(Code::internal, "{}", problems);
  return {};
}

/// A bare word is a prefix or a pattern of the name; keys that are no members are config keys.
std::string project_filter(const StringList& filters) {
  StringList clauses;
  for (const std::string& filter : filters) {
    size_t equals = filter.find('=');
    std::string key = filter.substr(0, equals);
    if (equals == std::string::npos) {
      std::string pattern = key.contains('^') || key.contains('$') ? key : "^" + key + "$";
      clauses.push_back(std::format("name eq ({}|^{}.*)", pattern, key));
      continue;
    }
    std::string first = key.substr(0, key.find('.'));
    bool member = contains({"name", "description", "config", "used_by"}, first);
    clauses.push_back(std::format("{}{} eq {}", member ? "" : "config.", key, filter.substr(equals + 1)));
  }
  return url_escape(join(clauses, " and "));
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0]));
  std::string filter = project_filter(call.args[1].texts());
  client::Reply reply = TRY(server.get(call.ctx, "/1.0/projects?recursion=1" + (filter.empty() ? "" : "&filter=" + filter)));
  std::vector<const Column*> columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  std::string current = server.project_name().empty() ? "default" : server.project_name();
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  Json shown = Json::array();
  for (const Json& raw : reply.metadata) {
    Json item = TRY(retyped<api::Project>(raw));
    StringList row;
    for (const Column* column : columns) {
      bool mark = column->letter == 'n' && item["name"] == current;
      row.push_back(column->cell(item) + (mark ? " (current)" : ""));
    }
    table.rows.push_back(std::move(row));
    shown.push_back(std::move(item));
  }
  sort_rows(table.rows);
  return print_table(call.format(), table, shown);
}

Result<> rename(Call& call) {
  TRY(rename_verb(call));
  auto remote = call.config.remotes.find(call.args[0].remote);
  if (remote == call.config.remotes.end() || remote->second.project != call.args[0].object().text) return {};
  remote->second.project = call.args[1].text;
  return call.config.save();
}

std::string amount(const std::string& key, int64_t value) {
  bool bytes = key == "disk" || key == "memory" || key.starts_with("disk.") || key.starts_with("memory.");
  return bytes ? format_byte_size(value, 2) : std::to_string(value);
}

Result<> info(Call& call) {
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0]));
  std::string path = "/1.0/projects/" + url_escape(call.args[0].object().text);
  if (call.flags.on("show-access")) {
    client::Reply reply = TRY(server.get(call.ctx, path + "/access"));
    std::print("{}", api::dump_yaml(reply.metadata));
    return {};
  }
  client::Reply reply = TRY(server.get(call.ctx, path + "/state"));
  Table table{{"RESOURCE", "LIMIT", "USAGE"}, {}};
  for (const auto& [key, resource] : reply.metadata["resources"].items()) {
    int64_t limit = resource.value("Limit", Json(-1)).get<int64_t>();
    int64_t usage = resource.value("Usage", Json(0)).get<int64_t>();
    std::string name = to_upper(key);
    if (size_t dot = name.find('.'); dot != std::string::npos) name = std::format("{} ({})", name.substr(0, dot), name.substr(dot + 1));
    table.rows.push_back({name, limit >= 0 ? amount(key, limit) : "UNLIMITED", amount(key, usage)});
  }
  sort_rows(table.rows);
  return print_table(call.format(), table, reply.metadata);
}

Result<> switch_to(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& name = call.args[0].object().text;
  TRY(server.get(call.ctx, "/1.0/projects/" + url_escape(name)));
  call.config.remotes[call.args[0].remote].project = name;
  return call.config.save();
}

Result<> get_current(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const Json* info = TRY(server.info(call.ctx));
  std::println("{}", (*info)["environment"].value("project", ""));
  return {};
}

constexpr Flag kCreateFlags[] = {{"config|c", FlagKind::list, "Set this key=value (may be repeated)"}, kDescriptionFlag};
constexpr Flag kDeleteFlags[] = {{"force|f", FlagKind::boolean, "Also delete everything in the project, after a question"}};
constexpr Flag kInfoFlags[] = {kFormatFlag, {"show-access", FlagKind::boolean, "Show who may do what in it"}};
constexpr Flag kListFlags[] = {columns_flag("nipvbwzdu"), kFormatFlag};

constexpr Command kCommands[] = {
    {.path = "project", .summary = "Manage projects", .options = kGroup},
    {.path = "project create", .usage = "[<remote>:]<new project name>", .summary = "Make a project", .run = create, .flags = kCreateFlags, .aliases = "add",
     .examples = "incus project create p1 < p1.yaml\n    Make project p1 from a document.", .data = &kNoun},
    {.path = "project delete", .usage = "[<remote>:]<project>...", .summary = "Delete projects", .run = remove, .flags = kDeleteFlags, .aliases = "rm,remove", .data = &kNoun},
    {.path = "project edit", .usage = "[<remote>:]<project>", .summary = "Edit a project as YAML", .run = edit_verb, .data = &kNoun},
    {.path = "project get", .usage = "[<remote>:]<project> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kNoun},
    {.path = "project get-current", .usage = "[<remote>:]", .summary = "Print which project is in use", .run = get_current},
    {.path = "project info", .usage = "[<remote>:]<project>", .summary = "Show what a project uses of its limits", .run = info, .flags = kInfoFlags},
    {.path = "project list", .usage = "[<remote>:] [<filter>...]", .summary = "List projects", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  b  own storage buckets\n  d  description\n  i  own images\n  n  name\n  p  own profiles\n  u  number of users\n  v  own storage volumes\n  w  own networks\n  z  own network zones"},
    {.path = "project rename", .usage = "[<remote>:]<project> <new project name>", .summary = "Rename a project", .run = rename, .aliases = "mv", .data = &kNoun},
    {.path = "project set", .usage = "[<remote>:]<project> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kNoun},
    {.path = "project show", .usage = "[<remote>:]<project>", .summary = "Show a project", .run = show_verb, .data = &kNoun},
    {.path = "project switch", .usage = "[<remote>:]<project>", .summary = "Work in another project from now on", .run = switch_to},
    {.path = "project unset", .usage = "[<remote>:]<project> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kNoun},
};

}  // namespace

extern const CommandTable project_commands = kCommands;

}  // namespace cli
