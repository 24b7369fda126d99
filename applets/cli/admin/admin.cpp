// `incus admin`: the local daemon itself.
#include <print>

#include "applets/cli/admin/init.h"
#include "applets/cli/editor.h"
#include "applets/cli/table.h"

namespace cli {
namespace {

Context limited(Call& call) {
  int64_t timeout = call.flags.number("timeout");
  return timeout > 0 ? call.ctx.with_timeout(seconds(timeout)) : call.ctx;
}

/// Tries often at first: a daemon is ready within milliseconds.
Result<> waitready(Call& call) {
  Context ctx = limited(call);
  Duration pause = milliseconds(2);
  std::string last = "not tried";
  client::Server server = TRY(call.server("local"));
  for (;;) {
    auto ready = server.get(ctx, "/internal/ready");
    if (ready) return {};
    last = ready.error().message();
    if (!ctx.sleep(pause)) return fail(Code::timeout, "Daemon still not running after {}s timeout ({})", call.flags.number("timeout"), last);
    pause = std::min<Duration>(pause * 2, milliseconds(250));
  }
}

Result<> shutdown(Call& call) {
  client::Server server = TRY(call.server("local"));
  auto asked = server.query(limited(call), http::Method::put, std::string("/internal/shutdown?force=") + (call.flags.on("force") ? "true" : "false"));
  if (!asked && asked.error().code() == Code::timeout) {
    return fail(Code::timeout, "Daemon still running after {}s timeout", call.flags.number("timeout"));
  }
  TRY(std::move(asked));
  return {};
}

std::string cell_of(const Json& value) {
  if (value.is_null()) return "<nil>";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Result<> print_select(Call& call, const Json& result) {
  Table table;
  for (const Json& column : result["columns"]) table.header.push_back(column.get<std::string>());
  for (const Json& row : result.value("rows", Json::array())) {
    StringList cells;
    for (const Json& value : row) cells.push_back(cell_of(value));
    table.rows.push_back(std::move(cells));
  }
  return print_table(call.flags.text("format"), table, result);
}

Result<> sql(Call& call) {
  TRY(check_format(call.flags.text("format")));
  client::Server server = TRY(call.server(call.args[0]));
  std::string database = call.args[0].object().text, query = call.args[1].text;
  if (query == "-") query = TRY(read_stdin());
  static const std::map<std::string, std::string> kDumps{{".dump", ""}, {".schema", "&dump=1"}, {".tables", "&dump=2"}};
  if (auto dump = kDumps.find(query); dump != kDumps.end()) {
    auto reply = TRY_CTX(server.get(call.ctx, "/internal/sql?database=" + database + dump->second), "Failed to request dump");
    std::print("{}", reply.metadata.value("text", reply.metadata.value("Text", "")));
    return {};
  }
  auto reply = TRY(server.query(call.ctx, http::Method::post, "/internal/sql", api::dump_json(Json{{"database", database}, {"query", query}})));
  const Json results = reply.metadata.value("Results", reply.metadata.value("results", Json::array()));
  for (size_t i = 0; i < results.size(); i++) {
    if (results.size() > 1) std::println("=> Query {}:\n", i);
    if (results[i].value("type", "") == "select") TRY(print_select(call, results[i]));
    else std::println("Rows affected: {}", results[i].value("rows_affected", int64_t{0}));
    if (results.size() > 1) std::println("");
  }
  return {};
}

constexpr Flag kTimeout{"timeout|t", FlagKind::number, "Seconds to wait before giving up", "0"};
constexpr Flag kInitFlags[] = {{"auto", FlagKind::boolean, "Ask nothing, take defaults"},
                               {"dump", FlagKind::boolean, "Print what the server has as a preseed"},
                               {"minimal", FlagKind::boolean, "Ask nothing, make only what instances need"},
                               {"network-address", FlagKind::text, "Address to listen on (none unless given)"},
                               {"network-port", FlagKind::number, "Port to listen on (8443 unless given)", "-1"},
                               {"preseed", FlagKind::boolean, "Read the answers as YAML from standard input or a file"},
                               {"storage-backend", FlagKind::text, "Kind of storage (btrfs, dir, lvm or zfs; dir unless given)"},
                               {"storage-create-device", FlagKind::text, "Make the pool on this device"},
                               {"storage-create-loop", FlagKind::number, "Make the pool in a loop file of so many GiB", "-1"},
                               {"storage-pool", FlagKind::text, "Pool to use or make"}};
constexpr Flag kShutdownFlags[] = {{"force|f", FlagKind::boolean, "Don't wait for running operations"}, kTimeout};
constexpr Flag kSqlFlags[] = {kFormatFlag};
constexpr Flag kWaitFlags[] = {kTimeout};

constexpr Command kAdmin[] = {
    {.path = "admin", .summary = "Manage the local daemon", .options = kGroup},
    {.path = "admin init", .usage = "[--preseed [<preseed.yaml>]]", .summary = "Set the server up", .run = init_server, .flags = kInitFlags,
     .examples = "incus admin init --minimal\nincus admin init --auto --storage-backend=btrfs\nincus admin init --preseed < preseed.yaml"},
    {.path = "admin shutdown", .summary = "Stop the daemon and its instances", .run = shutdown, .flags = kShutdownFlags},
    {.path = "admin sql", .usage = "[<remote>:](local|global) <query>", .summary = "Query the server's databases", .run = sql, .flags = kSqlFlags,
     .about = "A query of `-` is read from standard input; .dump, .schema and .tables print the database as SQL text.", .options = kHiddenCommand},
    {.path = "admin waitready", .summary = "Wait until the daemon answers", .run = waitready, .flags = kWaitFlags},
};

}  // namespace

extern const CommandTable admin_commands = kAdmin;

}  // namespace cli
