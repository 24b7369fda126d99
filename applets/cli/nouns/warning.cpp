// `incus warning` and `incus operation`: what the server wants noticed, and what it is doing.
#include "api/types/warning.h"

#include <print>

#include "api/types/operation.h"
#include "api/yaml.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr Column kWarningColumns[] = {
    {'c', "COUNT", text_cell<"count">},       {'f', "FIRST SEEN", date_cell<"first_seen_at">}, {'l', "LAST SEEN", date_cell<"last_seen_at">},
    {'p', "PROJECT", text_cell<"project">},   {'s', "SEVERITY", upper_cell<"severity">},       {'S', "STATE", upper_cell<"status">},
    {'t', "TYPE", text_cell<"type">},         {'u', "UUID", text_cell<"uuid">},                {'L', "LOCATION", text_cell<"location">},
};
constexpr Noun kWarning = {.what = "warning", .title = "Warning", .collection = "/1.0/warnings", .wire = kWire<api::Warning, api::WarningPut>, .edit_help = "", .columns = kWarningColumns, .traits = kPlainNoun};

constexpr Column kOperationColumns[] = {
    {'i', "ID", text_cell<"id">},         {'t', "TYPE", upper_cell<"class">},           {'d', "DESCRIPTION", text_cell<"description">}, {'s', "STATE", upper_cell<"status">},
    {'c', "CANCELABLE", yes_no_cell<"may_cancel">}, {'C', "CREATED", date_cell<"created_at">}, {'L', "LOCATION", text_cell<"location">},
};
constexpr Noun kOperation = {
    .what = "operation", .title = "Operation", .collection = "/1.0/operations", .wire = kWire<api::Operation, api::Operation>, .edit_help = "", .columns = kOperationColumns, .traits = kLocationColumn};

Result<> list_warnings(Call& call) {
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0]));
  Json all = TRY(server.get(call.ctx, "/1.0/warnings?recursion=1")).metadata;
  Json shown = Json::array();
  for (const Json& item : all) {
    std::string status = member_text(item, "status");
    if (call.flags.on("all") || (status != "acknowledged" && status != "resolved")) shown.push_back(item);
  }
  std::string letters = call.flags.text("columns");
  bool custom = letters != call.flags.find("columns")->fallback;
  const Json* info = TRY(server.info(call.ctx));
  if (!(*info)["environment"].value("server_clustered", false)) {
    if (custom && letters.contains('L')) return fail(Code::invalid, "Can't specify column L when not clustered");
    std::erase(letters, 'L');
  }
  return print_objects(call, kWarning, std::move(shown), letters);
}

Result<> acknowledge(Call& call) {
  Target target = TRY(target_of(call, kWarning));
  TRY(target.server.query(call.ctx, http::Method::put, target.path, R"({"status":"acknowledged"})"));
  return {};
}

Result<> delete_warnings(Call& call) {
  std::vector<std::pair<client::Server, std::string>> gone;
  if (call.args[0].branch == 0) {
    for (const Arg& arg : call.args[0].parts) gone.emplace_back(TRY(call.server(arg)), arg.object().text);
  } else {
    client::Server server = TRY(call.server(call.args[0].parts[1]));
    for (const Json& path : TRY(server.get(call.ctx, "/1.0/warnings")).metadata) gone.emplace_back(server, path.get<std::string>().substr(14));
  }
  std::string problems;
  for (auto& [server, uuid] : gone) {
    auto deleted = server.query(call.ctx, http::Method::delete_, "/1.0/warnings/" + url_escape(uuid));
    if (!deleted) problems += (problems.empty() ? "" : "\n") + deleted.error().message();
  }
  if (!problems.empty()) return fail(Code::internal, "{}", problems);
  return {};
}

Result<> list_operations(Call& call) {
  TRY(check_format(call.format()));
  bool all = call.flags.on("all-projects");
  client::Server server = TRY(call.server(call.args[0]));
  if (all) server = server.project("");
  Json lists = TRY(server.get(call.ctx, all ? "/1.0/operations?recursion=1&all-projects=true" : "/1.0/operations?recursion=1")).metadata;
  Json items = Json::array();
  for (const auto& [state, operations] : lists.items()) {
    for (const Json& operation : operations) items.push_back(operation);
  }
  return print_objects(call, kOperation, std::move(items), call.flags.text("columns"));
}

constexpr Flag kWarningListFlags[] = {columns_flag("utSscpLl"), kFormatFlag, {"all|a", FlagKind::boolean, "Acknowledged and resolved ones too"}};
constexpr Flag kDeleteFlags[] = {{"all|a", FlagKind::boolean, "Delete all warnings"}};
constexpr Flag kOperationListFlags[] = {columns_flag("itdscC"), kFormatFlag, kAllProjectsFlag};

constexpr Command kCommands[] = {
    {.path = "warning", .summary = "Manage warnings", .options = kGroup | kHiddenCommand},
    {.path = "warning acknowledge", .usage = "[<remote>:]<warning UUID>", .summary = "Mark a warning as seen", .run = acknowledge, .aliases = "ack"},
    {.path = "warning delete", .usage = "([<remote>:]<warning UUID>...|--all [<remote>:])", .summary = "Delete warnings", .run = delete_warnings, .flags = kDeleteFlags, .aliases = "rm,remove"},
    {.path = "warning list", .usage = "[<remote>:]", .summary = "List warnings", .run = list_warnings, .flags = kWarningListFlags, .aliases = "ls",
     .about = "Columns:\n  c  count\n  f  first seen\n  l  last seen\n  L  cluster member\n  p  project\n  s  severity\n  S  state\n  t  type\n  u  UUID"},
    {.path = "warning show", .usage = "[<remote>:]<warning UUID>", .summary = "Show a warning", .run = show_verb, .data = &kWarning},
    {.path = "operation", .summary = "Manage background operations", .options = kGroup | kHiddenCommand},
    {.path = "operation delete", .usage = "[<remote>:]<operation>...", .summary = "Cancel operations", .run = delete_verb, .aliases = "cancel,rm,remove", .data = &kOperation},
    {.path = "operation list", .usage = "[<remote>:]", .summary = "List operations", .run = list_operations, .flags = kOperationListFlags, .aliases = "ls",
     .about = "Columns:\n  c  can be cancelled\n  C  creation time\n  d  description\n  i  id\n  L  cluster member\n  s  state\n  t  type"},
    {.path = "operation show", .usage = "[<remote>:]<operation>", .summary = "Show an operation", .run = show_verb, .data = &kOperation},
};

}  // namespace

extern const CommandTable warning_commands = kCommands;

}  // namespace cli
