// Running typed SQL.
#include "db/sql_console.h"

#include <sqlite3.h>

#include "base/strings.h"
#include "db/dump.h"

namespace db {

namespace {

bool is_select(const std::string& statement) { return iequals(std::string_view(statement).substr(0, 6), "select"); }

Result<ConsoleResult> run_select(Tx& tx, const std::string& statement) {
  ConsoleResult result;
  result.select = true;
  result.columns = TRY_CTX(tx.column_names(statement), "Failed to execute query");
  TRY_CTX(tx.query(statement, {}, [&](const Row& row) -> Result<> {
    std::vector<Value>& values = result.rows.emplace_back();
    for (int column = 0; column < row.columns(); ++column) {
      bool date = !row.is_null(column) && iequals(row.declared_type(column), "datetime");
      values.push_back(date ? Value(console_time(row, column).rfc3339()) : row.value(column));
    }
    return {};
  }), "Failed to execute query");
  return result;
}

Result<ConsoleResult> run_exec(Tx& tx, const std::string& statement) {
  ConsoleResult result;
  result.rows_affected = TRY_CTX(tx.exec(statement), "Failed to exec query");
  return result;
}

}  // namespace

std::vector<std::string> split_statements(const std::string& text) {
  std::vector<std::string> statements;
  std::string current;
  for (char c : text) {
    current += c;
    if (c != ';' || !sqlite3_complete(current.c_str())) continue;
    current.pop_back();
    if (!trim(current).empty()) statements.emplace_back(trim(current));
    current.clear();
  }
  if (!trim(current).empty()) statements.emplace_back(trim(current));
  return statements;
}

Result<std::vector<ConsoleResult>> run_console(Database& database, const std::string& text) {
  std::vector<ConsoleResult> results;
  for (const std::string& statement : split_statements(text)) {
    Result<ConsoleResult> result = is_select(statement) ? database.read([&](Tx& tx) { return run_select(tx, statement); })
                                                        : database.write([&](Tx& tx) { return run_exec(tx, statement); });
    // 500 as upstream answers: to it, SQL errors are errors of the database.
    if (!result) return std::unexpected(std::move(result).error().with_code(Code::internal));
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace db
