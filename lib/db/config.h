// Server configuration: keys shared by all members (global database) and keys of this machine (local database).
#pragma once
#include "base/strings.h"
#include "db/database.h"

namespace db::config {

/// Works on the `config` table of whichever database `tx` belongs to.
Result<StringMap> load(Tx& tx);
/// Sets keys; an empty value removes. Keys not named stay.
Result<> patch(Tx& tx, const StringMap& changes);

}  // namespace db::config
