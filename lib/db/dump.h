// A database as SQL text, the way `sqlite3 FILE .dump` prints it.
#pragma once
#include "db/database.h"

namespace db {

Result<std::string> dump_text(Tx& tx, bool schema_only);
/// Table, index, view and trigger names, one a line.
Result<std::string> dump_names(Tx& tx);

}  // namespace db
