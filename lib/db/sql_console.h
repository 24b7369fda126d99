// SQL typed by administrators (`incus admin sql`): statements of a text, one transaction each.
#pragma once
#include <string>
#include <vector>

#include "db/database.h"

namespace db {

struct ConsoleResult {
  bool select = false;
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;  ///< dates as RFC 3339 text
  int64_t rows_affected = 0;
};

/// Runs the statements in order; those before a failing one stay committed.
/// Errors: of the first statement that fails, with SQLite's message.
Result<std::vector<ConsoleResult>> run_console(Database& database, const std::string& text);

/// `text` cut at the semicolons between statements (not at those inside literals or triggers).
std::vector<std::string> split_statements(const std::string& text);

}  // namespace db
