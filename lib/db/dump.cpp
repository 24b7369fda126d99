// SQL text that recreates a database.
#include "db/dump.h"

#include "base/strings.h"

namespace db {

Timestamp console_time(const Row& row, int column) {
  Value value = row.value(column);
  if (auto* seconds = std::get_if<int64_t>(&value)) return Timestamp::from_unix(*seconds);
  return row.time(column);
}

namespace {

struct Entity {
  std::string name, kind, sql;
};

Result<std::vector<Entity>> entities(Tx& tx) {
  std::vector<Entity> found;
  TRY(tx.query("SELECT name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND sql IS NOT NULL ORDER BY rowid", {},
               [&](const Row& row) -> Result<> {
                 found.push_back({row.text(0), row.text(1), row.text(2)});
                 return {};
               }));
  return found;
}

/// A text literal; line ends go through char(), as a literal line end would not survive every reader of the dump.
std::string literal(const std::string& text) {
  std::string quoted = "'" + replace_all(text, "'", "''") + "'";
  if (text.contains('\r')) quoted = "replace(" + replace_all(quoted, "\r", "\\r") + ",'\\r',char(13))";
  if (text.contains('\n')) quoted = "replace(" + replace_all(quoted, "\n", "\\n") + ",'\\n',char(10))";
  return quoted;
}

std::string literal(const Value& value) {
  if (auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (auto* real = std::get_if<double>(&value)) return std::format("{}", *real);
  if (auto* text = std::get_if<std::string>(&value)) return literal(*text);
  return "NULL";
}

/// Dates in one spelling, whatever the row holds (text or Unix seconds), so that dumps of different versions compare.
std::string date_literal(Timestamp time) {
  std::string text = time.format("%Y-%m-%d %H:%M:%S");
  if (time.nanos) text += std::format(".{:09}", time.nanos);
  return "'" + text + "+00:00'";
}

bool is_date(const Row& row, int column) {
  return !row.is_null(column) && iequals(row.declared_type(column), "datetime");
}

Result<> append_rows(Tx& tx, const std::string& table, std::string& out) {
  return tx.query("SELECT * FROM \"" + table + "\" ORDER BY rowid", {}, [&](const Row& row) -> Result<> {
    out += "INSERT INTO " + table + " VALUES(";
    for (int column = 0; column < row.columns(); ++column) {
      if (column) out += ',';
      if (is_date(row, column)) out += date_literal(console_time(row, column));
      else out += literal(row.value(column));
    }
    out += ");\n";
    return {};
  });
}

}  // namespace

Result<std::string> dump_text(Tx& tx, bool schema_only) {
  std::string out = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n";
  for (const Entity& entity : TRY(entities(tx))) {
    out += entity.sql + ";\n";
    if (!schema_only && entity.kind == "table") TRY(append_rows(tx, entity.name, out));
  }
  if (!schema_only) {
    out += "DELETE FROM sqlite_sequence;\n";
    TRY(append_rows(tx, "sqlite_sequence", out));
  }
  return out + "COMMIT;\n";
}

Result<std::string> dump_names(Tx& tx) {
  std::string out;
  for (const Entity& entity : TRY(entities(tx))) out += entity.name + "\n";
  return out;
}

}  // namespace db
