// Reading values out of result rows, and the date formats found in upstream's databases.
#include <sqlite3.h>

#include <algorithm>

#include "base/strings.h"
#include "db/database.h"

namespace db {

namespace {
sqlite3_stmt* raw(void* statement) { return static_cast<sqlite3_stmt*>(statement); }
}  // namespace

int64_t Row::integer(int column) const { return sqlite3_column_int64(raw(statement_), column); }

std::string Row::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(raw(statement_), column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(raw(statement_), column))) : std::string();
}

bool Row::is_null(int column) const { return sqlite3_column_type(raw(statement_), column) == SQLITE_NULL; }
int Row::columns() const { return sqlite3_column_count(raw(statement_)); }
std::string Row::column_name(int column) const { return sqlite3_column_name(raw(statement_), column); }

Value Row::value(int column) const {
  switch (sqlite3_column_type(raw(statement_), column)) {
    case SQLITE_INTEGER: return integer(column);
    case SQLITE_FLOAT: return sqlite3_column_double(raw(statement_), column);
    case SQLITE_NULL: return nullptr;
    default: return text(column);
  }
}

std::string_view Row::declared_type(int column) const {
  const char* type = sqlite3_column_decltype(raw(statement_), column);
  return type ? type : "";
}

Timestamp Row::time(int column) const {
  if (is_null(column)) return {};
  if (sqlite3_column_type(raw(statement_), column) == SQLITE_INTEGER) {
    // Some upstream rows hold Unix seconds; 0 is the column default and means "never".
    int64_t seconds = integer(column);
    return seconds ? Timestamp::from_unix(seconds) : Timestamp{};
  }
  std::string written = text(column);
  if (written.size() > 10 && written[10] == ' ') written[10] = 'T';
  bool has_zone = written.ends_with('Z') || written.find_first_of("+-", 11) != std::string::npos;
  if (!has_zone) written += 'Z';
  return Timestamp::parse(written).value_or(Timestamp{});
}

Value time_value(Timestamp time) {
  std::string text = time.rfc3339();
  if (text.ends_with('Z')) text.replace(text.size() - 1, 1, "+00:00");
  text[10] = ' ';
  return text;
}

Result<std::optional<int64_t>> Tx::query_integer(std::string_view sql, const Values& values) {
  std::optional<int64_t> found;
  TRY(query(sql, values, [&](const Row& row) -> Result<> {
    if (!found) found = row.integer(0);
    return {};
  }));
  return found;
}

Result<std::optional<std::string>> Tx::query_text(std::string_view sql, const Values& values) {
  std::optional<std::string> found;
  TRY(query(sql, values, [&](const Row& row) -> Result<> {
    if (!found) found = row.text(0);
    return {};
  }));
  return found;
}

}  // namespace db
