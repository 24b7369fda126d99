// The rows a fresh database starts with, and the member row that follows this program's version.
#pragma once
#include "db/schema.h"

namespace db {

Result<> seed_global(Tx& tx, const ServerFacts& facts);
Result<> seed_local(Tx& tx);
/// Writes schema version and extension count of this server's member row if they changed.
Result<> refresh_member(Tx& tx, const ServerFacts& facts);

}  // namespace db
