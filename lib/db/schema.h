// The two databases' tables and how a database file is brought to the current version (upstream's version numbers).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace db {

extern const std::string_view kGlobalCoreTables;
extern const std::string_view kGlobalNetworkTables;
extern const std::string_view kGlobalStorageTables;
extern const std::string_view kLocalTables;

/// One step of db/migrations.def: `sql` brings a database to `version`.
struct Migration {
  int version;
  std::vector<const std::string_view*> sql;
};

/// What the first row of `nodes` says about this server.
struct ServerFacts {
  int api_extensions = 0;
  int architecture = 0;  ///< api::architecture_id
};

/// Opens `<directory>/local.db`, applying patch.local.sql first (then deleting it) and migrations after.
/// Errors: internal; a version newer than this program knows is refused, as is one older than the first migration.
Result<std::unique_ptr<Database>> open_local(const std::string& directory);
/// The same for `<directory>/global/db.bin` and patch.global.sql. A fresh one gets member 1, the default project, profile and group.
Result<std::unique_ptr<Database>> open_global(const std::string& directory, const ServerFacts& facts);
/// A private in-memory global (or local) database with the seed rows, for tests.
Result<std::unique_ptr<Database>> open_memory_global();
Result<std::unique_ptr<Database>> open_memory_local();

/// The schema version a database of this program has.
int global_schema_version();

}  // namespace db
