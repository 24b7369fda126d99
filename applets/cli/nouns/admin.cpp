// `incus admin`: the daemon on this machine, its readiness, end, databases and certificate.
#include <chrono>
#include <print>
#include <thread>

#include "applets/cli/call.h"
#include "applets/cli/editor.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

client::Server local_server() { return client::Server(client::Endpoint{.unix_path = local_socket_path()}); }

/// --timeout of 0 means no limit.
Context limited(const Call& call) {
  int64_t limit = call.flags.number("timeout");
  return limit > 0 ? call.ctx.with_timeout(seconds(limit)) : call.ctx;
}

Result<> waitready(Call& call) {
  Context ctx = limited(call);
  std::string last = "no attempt";
  auto pause = milliseconds(5);
  for (;;) {
    auto ready = local_server().get(ctx, "/internal/ready");
    if (ready) return {};
    if (ready.error().code() != Code::timeout) last = ready.error().message();
    if (!ctx.sleep(pause)) return fail(Code::timeout, "Daemon still not running after {}s timeout ({})", call.flags.number("timeout"), last);
    pause = std::min<decltype(pause)>(pause * 2, milliseconds(500));
  }
}

Result<> shutdown(Call& call) {
  auto done = local_server().query(limited(call), http::Method::put, std::format("/internal/shutdown?force={}", call.flags.on("force")));
  if (done) return {};
  if (done.error().code() == Code::timeout) return fail(Code::timeout, "Daemon still running after {}s timeout", call.flags.number("timeout"));
  return std::unexpected(done.error());
}

/// A database value as the API's client prints it.
std::string cell_text(const Json& value) {
  if (value.is_null()) return "<nil>";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Result<> print_rows(Call& call, const Json& result) {
  Table table;
  for (const Json& column : result["columns"]) table.header.push_back(column.get<std::string>());
  for (const Json& row : result["rows"]) {
    StringList cells;
    for (const Json& value : row) cells.push_back(cell_text(value));
    table.rows.push_back(std::move(cells));
  }
  return print_table(call.format(), table, result);
}

Result<> sql(Call& call) {
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0])).project("");
  const std::string& database = call.args[0].object().text;
  std::string query = call.args[1].text;
  if (query == "-") query = TRY_CTX(read_stdin(), "Failed to read from stdin");
  if (query == ".dump" || query == ".schema" || query == ".tables") {
    std::string path = "/internal/sql?database=" + database + (query == ".schema" ? "&dump=1" : query == ".tables" ? "&dump=2" : "");
    Json dump = TRY_CTX(server.get(call.ctx, path), "Failed to request dump").metadata;
    std::print("{}", dump.contains("text") ? member_text(dump, "text") : member_text(dump, "Text"));
    return {};
  }
  Json results = TRY(server.query(call.ctx, http::Method::post, "/internal/sql", api::dump_json({{"database", database}, {"query", query}}))).metadata;
  const Json& list = results.contains("results") ? results["results"] : results["Results"];
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.size() > 1) std::println("=> Query {}:\n", i);
    if (member_text(list[i], "type") == "select") TRY(print_rows(call, list[i]));
    else std::println("Rows affected: {}", member_text(list[i], "rows_affected"));
    if (list.size() > 1) std::println("");
  }
  return {};
}

Result<> update_certificate(Call& call) {
  Json body;
  const char* kinds[] = {"certificate", "certificate key"};
  for (int i = 0; i < 2; ++i) {
    const std::string& path = call.args[i + 1].text;
    auto text = read_file(path);
    if (!text && text.error().sys_errno() == ENOENT) return fail(Code::not_found, "Could not find {} file path: {}", kinds[i], path);
    if (!text) return fail(Code::invalid, "Could not read {} file: {} with error: {}", kinds[i], path, text.error().message());
    body[i == 0 ? "certificate" : "key"] = *text;
  }
  client::Server server = local_server();
  const Json* info = TRY(server.info(call.ctx));
  if ((*info)["environment"].value("server_clustered", false)) {
    return fail(Code::invalid, "This command is not supported on clusters, use \"incus cluster update-certificate\" instead");
  }
  TRY(server.query(call.ctx, http::Method::put, "/internal/server-certificate", api::dump_json(body)));
  call.say("Successfully updated server certificate");
  return {};
}

constexpr Flag kTimeoutFlags[] = {{"timeout|t", FlagKind::number, "Give up after this many seconds"}};
constexpr Flag kShutdownFlags[] = {{"force|f", FlagKind::boolean, "Do not wait for running operations"}, {"timeout|t", FlagKind::number, "Give up after this many seconds"}};

constexpr Command kCommands[] = {
    {.path = "admin", .summary = "Manage the daemon", .options = kHelpGroup},
    {.path = "admin cluster", .usage = "", .summary = "Repair a cluster (run by the daemon's own program)"},
    {.path = "admin shutdown", .summary = "Stop all instances and the daemon", .run = shutdown, .flags = kShutdownFlags},
    {.path = "admin sql", .usage = "[<remote>:](local|global) <query>", .summary = "Run SQL on a database of the server", .run = sql, .flags = kFormatFlags,
     .about = "The query - is read from standard input; .dump, .schema and .tables print the database as SQL text.\nThis is for repairs: nothing checks what a query changes."},
    {.path = "admin update-certificate", .usage = "[<remote>:] <cert.crt> <cert.key>", .summary = "Give the server another certificate", .run = update_certificate, .aliases = "update-cert"},
    {.path = "admin waitready", .summary = "Wait until the daemon answers requests", .run = waitready, .flags = kTimeoutFlags},
};

}  // namespace

extern const CommandTable admin_commands = kCommands;

}  // namespace cli
