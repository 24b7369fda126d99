// Operation rows: where running operations live (clusters ask; `incus admin sql` users look).
#pragma once
#include "db/database.h"

namespace db::operations {

Result<> add(Tx& tx, const std::string& uuid, int type, const std::string& project);
Result<> remove(Tx& tx, const std::string& uuid);
/// At start: what an earlier run left behind.
Result<> clear(Tx& tx);

}  // namespace db::operations
