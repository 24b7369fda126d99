// `incus snapshot`: create, list, show, rename, restore, delete.
#include <unistd.h>

#include <print>

#include "api/yaml.h"
#include "applets/cli/ask.h"
#include "applets/cli/created.h"
#include "applets/cli/expiry.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/instance/list_cells.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/table.h"

namespace cli {
namespace {

Result<Json> chosen_expiry(Call& call) {
  std::string text = call.flags.text("expiry");
  if (call.flags.on("no-expiry")) return Json(Timestamp{}.rfc3339());
  if (!text.empty()) return Json(TRY(parse_expiry(text)).rfc3339());
  if (isatty(STDIN_FILENO)) return Json(nullptr);
  std::string given;
  char buffer[4096];
  for (ssize_t n; (n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) given.append(buffer, static_cast<size_t>(n));
  Json parsed = TRY(api::parse_yaml(given));
  return parsed.is_object() ? parsed.value("expires_at", Json()) : Json(nullptr);
}

Result<> remove(Call& call, client::Server& server, const std::string& instance, const std::string& snapshot) {
  TRY(run_and_wait(call, server, http::Method::delete_, snapshot_url(instance, snapshot), nullptr));
  return {};
}

Result<> run_create(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  std::string name = call.args[1].get();
  if (call.flags.on("no-expiry") && !call.flags.text("expiry").empty()) return fail(Code::invalid, "Can't use both --no-expiry and --expiry");
  Json expires = TRY(chosen_expiry(call));
  if (call.flags.on("reuse") && !name.empty() && server.get(call.ctx, snapshot_url(instance, name))) TRY(remove(call, server, instance, name));
  Json body{{"name", name}, {"stateful", call.flags.on("stateful")}, {"expires_at", expires}};
  auto operation = TRY(run_and_wait(call, server, http::Method::post, instance_url(instance, "/snapshots"), body));
  if (!name.empty() || !operation) return {};
  std::string made = created_name(*operation, "instances_snapshots");
  if (made.empty()) return fail(Code::internal, "Didn't get name of new instance snapshot from the server");
  std::println("Instance snapshot name is: {}", made);
  return {};
}

Result<> run_delete(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  if (call.flags.on("interactive")) {
    if (!confirm(std::format("Remove snapshot {} from {} (yes/no): ", call.args[1].text, call.shown(call.args[0])))) return fail(Code::cancelled, "User aborted delete operation");
  }
  return remove(call, server, call.args[0].object().text, call.args[1].text);
}

constexpr Column kColumns[] = {
    {'n', "NAME", [](const Json& snapshot) { return snapshot.value("name", ""); }},
    {'T', "TAKEN AT", [](const Json& snapshot) { return local_date(snapshot.value("created_at", ""), " "); }},
    {'E', "EXPIRES AT", [](const Json& snapshot) { return local_date(snapshot.value("expires_at", ""), " "); }},
    {'s', "STATEFUL", [](const Json& snapshot) { return std::string(snapshot.value("stateful", false) ? "YES" : "NO"); }},
};

Result<> run_list(Call& call) {
  TRY(check_format(call.flags.text("format")));
  client::Server server = TRY(call.server(call.args[0]));
  auto columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  auto reply = TRY(server.get(call.ctx, instance_url(call.args[0].object().text, "/snapshots?recursion=1")));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  for (const Json& snapshot : reply.metadata) {
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(snapshot));
    table.rows.push_back(std::move(row));
  }
  return print_table(call.flags.text("format"), table, reply.metadata);
}

Result<> run_rename(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  std::string url = snapshot_url(call.args[0].object().text, call.args[1].text);
  TRY(run_and_wait(call, server, http::Method::post, url, Json{{"name", call.args[2].text}}));
  return {};
}

Result<> run_restore(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  Json body{{"restore", instance + "/" + call.args[1].text}, {"stateful", call.flags.on("stateful")}, {"disk_only", call.flags.on("diskonly")}};
  TRY(run_and_wait(call, server, http::Method::put, instance_url(instance), body));
  return {};
}

Result<> run_show(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  auto reply = TRY(server.get(call.ctx, snapshot_url(call.args[0].object().text, call.args[1].text)));
  std::print("{}", api::dump_yaml(reply.metadata));
  return {};
}

constexpr Flag kCreateFlags[] = {{"expiry", FlagKind::text, "When it expires: a time span (`1d 3H`) or a date (`2026/01/02 15:04 UTC`)"},
                                 {"no-expiry", FlagKind::boolean, "Never, whatever the instance's configuration says"},
                                 {"reuse", FlagKind::boolean, "Replace a snapshot of that name"},
                                 {"stateful", FlagKind::boolean, "Also keep the running state"}};
constexpr Flag kDeleteFlags[] = {{"interactive|i", FlagKind::boolean, "Ask first"}};
constexpr Flag kListFlags[] = {{"columns|c", FlagKind::text, "Columns", "nTEs"}, kFormatFlag};
constexpr Flag kRestoreFlags[] = {{"diskonly", FlagKind::boolean, "Restore the disk, not the configuration"},
                                  {"stateful", FlagKind::boolean, "Also restore the running state, if it was kept"}};
constexpr std::string_view kOne = "[<remote>:]<instance> <snapshot>";
constexpr Command kSnapshot[] = {
    {.path = "snapshot", .summary = "Manage snapshots of instances", .options = kGroup},
    {.path = "snapshot create", .usage = "[<remote>:]<instance> [<new snapshot name>]", .summary = "Take a snapshot", .run = run_create,
     .flags = kCreateFlags, .aliases = "add"},
    {.path = "snapshot delete", .usage = kOne, .summary = "Delete a snapshot", .run = run_delete, .flags = kDeleteFlags, .aliases = "rm,remove"},
    {.path = "snapshot list", .usage = "[<remote>:]<instance>", .summary = "List an instance's snapshots", .run = run_list, .flags = kListFlags,
     .aliases = "ls",
     .about = "Columns:\n  n - Name\n  T - Taken at\n  E - Expires at\n  s - Stateful"},
    {.path = "snapshot rename", .usage = "[<remote>:]<instance> <snapshot> <new snapshot name>", .summary = "Rename a snapshot", .run = run_rename},
    {.path = "snapshot restore", .usage = kOne, .summary = "Put an instance back to a snapshot", .run = run_restore, .flags = kRestoreFlags},
    {.path = "snapshot show", .usage = kOne, .summary = "Show a snapshot's configuration", .run = run_show},
};

}  // namespace

extern const CommandTable snapshot_commands = kSnapshot;

}  // namespace cli
