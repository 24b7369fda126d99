// `incus admin sql`: dumps of the databases and typed queries. Only administrators of the server get here.
#include "api/json.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "db/dump.h"
#include "db/sql_console.h"
#include "instance/manager.h"

namespace incusd {
namespace {

Result<db::Database*> database_of(Call& call, const std::string& name) {
  if (name == "global") return call.daemon.global.get();
  if (name == "local") return call.daemon.local.get();
  return fail(Code::invalid, "Invalid database");
}

Result<Reply> get_dump(Call& call) {
  db::Database* database = TRY(database_of(call, call.query("database")));
  int64_t kind = parse_int(call.query("dump")).value_or(0);  // 0: everything, 1: schema, 2: names of tables
  std::string text = kind == 2 ? TRY(database->read([](db::Tx& tx) { return db::dump_names(tx); })) : TRY(database->dump(kind == 1));
  std::string json = "{\"text\":";
  api::append_json_string(json, text);
  return ok(json + "}");
}

void append_value(std::string& out, const db::Value& value) {
  if (auto* text = std::get_if<std::string>(&value)) api::append_json_string(out, *text);
  else if (auto* integer = std::get_if<int64_t>(&value)) out += std::to_string(*integer);
  else if (auto* real = std::get_if<double>(&value)) out += Json(*real).dump();
  else out += "null";
}

void append_row(std::string& out, const std::vector<db::Value>& row) {
  out += '[';
  for (size_t i = 0; i < row.size(); ++i) {
    if (i) out += ',';
    append_value(out, row[i]);
  }
  out += ']';
}

std::string render(const db::ConsoleResult& result) {
  if (!result.select) return std::format(R"({{"type":"exec","columns":null,"rows":null,"rows_affected":{}}})", result.rows_affected);
  std::string out = R"({"type":"select","columns":[)";
  for (size_t i = 0; i < result.columns.size(); ++i) {
    if (i) out += ',';
    api::append_json_string(out, result.columns[i]);
  }
  out += R"(],"rows":)";
  if (result.rows.empty()) return out + R"(null,"rows_affected":0})";
  char before = '[';
  for (const auto& row : result.rows) {
    out += before;
    append_row(out, row);
    before = ',';
  }
  return out + R"(],"rows_affected":0})";
}

std::string text_member(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object.at(name).is_string()) return "";
  return object.at(name).get<std::string>();
}

Result<Reply> post_query(Call& call) {
  Json body = TRY(api::parse_json(call.request.body));
  std::string query = text_member(body, "query");
  db::Database* database = TRY(database_of(call, text_member(body, "database")));
  if (query.empty()) return fail(Code::invalid, "No query provided");
  if (query == ".sync") {
    TRY(database->checkpoint());
    return ok(R"({"Results":null})");
  }
  std::string out;
  bool written = false;
  for (const db::ConsoleResult& result : TRY(db::run_console(*database, query))) {
    out += out.empty() ? "" : ",";
    out += render(result);
    written |= !result.select && result.rows_affected > 0;
  }
  // What is kept in memory follows what the administrator did to the rows.
  if (written && call.daemon.instances) TRY_CTX(call.daemon.instances->load(), "The statements are done, but reading the instances again failed");
  return ok(out.empty() ? R"({"Results":null})" : R"({"Results":[)" + out + "]}");
}

constexpr Access kEdit = allow("server", "can_edit");
constexpr Route kRoutes[] = {
    {http::Method::get, "/internal/sql", kEdit, kNoFlags, get_dump, "A database as SQL text"},
    {http::Method::post, "/internal/sql", kEdit, kNoFlags, post_query, "Run SQL statements"},
};

}  // namespace

extern const Routes internal_sql_routes = kRoutes;

}  // namespace incusd
