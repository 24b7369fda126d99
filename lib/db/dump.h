// A database as SQL text, the way `sqlite3 FILE .dump` prints it.
#pragma once
#include "db/database.h"

namespace db {

Result<std::string> dump_text(Tx& tx, bool schema_only);
/// Table, index, view and trigger names, one a line.
Result<std::string> dump_names(Tx& tx);
/// A DATETIME column as SQL users see it: whole numbers are Unix seconds, zero included.
Timestamp console_time(const Row& row, int column);

}  // namespace db
