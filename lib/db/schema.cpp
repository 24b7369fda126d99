// Opening the two databases: user patch files first, then migrations, then the first rows of a fresh one.
#include "db/schema.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "db/seed.h"

namespace db {

namespace {

constexpr std::string_view kSchemaTable =
    "CREATE TABLE schema (\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,\n"
    "  version INTEGER NOT NULL,\n"
    "  updated_at DATETIME NOT NULL,\n"
    "  UNIQUE (version)\n)";

enum class Which { global, local };

std::vector<Migration> migrations(Which which) {
  std::vector<Migration> all;
#define MIGRATION(database, number, ...) \
  if (which == Which::database) all.push_back({number, {__VA_ARGS__}});
#include "db/migrations.def"
#undef MIGRATION
  return all;
}

Result<int64_t> current_version(Tx& tx) {
  if (TRY(tx.query_integer("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema'")).value_or(0) == 0) {
    TRY(tx.script(kSchemaTable));
    return 0;
  }
  return TRY(tx.query_integer("SELECT IFNULL(MAX(version), 0) FROM schema")).value_or(0);
}

Result<> check_version(int64_t current, const std::vector<Migration>& all) {
  if (current > all.back().version)
    return fail(Code::internal, "schema version '{}' is more recent than expected '{}': start the newer daemon that wrote it", current,
                all.back().version);
  if (current != 0 && current < all.front().version)
    return fail(Code::internal, "schema version {} is older than {}, the oldest this daemon can bring up to date", current,
                all.front().version);
  return {};
}

/// Returns the version found before.
Result<int64_t> migrate(Tx& tx, Which which) {
  std::vector<Migration> all = migrations(which);
  int64_t found = TRY(current_version(tx));
  TRY(check_version(found, all));
  for (const Migration& migration : all) {
    if (migration.version <= found) continue;
    for (const std::string_view* sql : migration.sql) {
      TRY_CTX(tx.script(*sql), "Failed bringing the database to version {}", migration.version);
    }
    TRY(tx.exec("INSERT INTO schema (version, updated_at) VALUES (?, strftime('%s'))", {int64_t{migration.version}}));
  }
  return found;
}

Result<> apply_patch_file(Tx& tx, const std::string& path) {
  if (path.empty() || access(path.c_str(), F_OK) != 0) return {};
  std::string sql = TRY(read_file(path));
  TRY_CTX(tx.script(sql), "Failed executing queries from {}", path);
  return {};
}

Result<> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return fail_errno("Failed creating " + quote(path));
  return {};
}

/// Is anything about to change in a database that holds data already?
Result<bool> needs_backup(Database& database, const std::string& patch, Which which) {
  int64_t found = TRY(database.read([](Tx& tx) -> Result<int64_t> {
    if (TRY(tx.query_integer("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema'")).value_or(0) == 0) return 0;
    return TRY(tx.query_integer("SELECT IFNULL(MAX(version), 0) FROM schema")).value_or(0);
  }));
  bool patched = !patch.empty() && access(patch.c_str(), F_OK) == 0;
  return found != 0 && (patched || found < migrations(which).back().version);
}

/// A copy to go back to if an update or patch turns out bad: `global.bak` beside `global`, `local.db.bak` beside `local.db`.
/// After a checkpoint the file alone is the whole database.
Result<> make_backup(Database& database, const std::string& file, Which which) {
  TRY(database.checkpoint());
  std::filesystem::path path(file);
  std::error_code error;
  if (which == Which::global) {
    std::filesystem::path copy = path.parent_path().string() + ".bak";
    std::filesystem::remove_all(copy, error);
    std::filesystem::create_directory(copy, error);
    std::filesystem::copy_file(path, copy / path.filename(), error);
  } else {
    std::filesystem::copy_file(path, file + ".bak", std::filesystem::copy_options::overwrite_existing, error);
  }
  if (error) return fail(Code::internal, "Failed to back up {}: {}", quote(file), error.message());
  log_info("Updating the database schema, a backup was made", {{"file", file}});
  return {};
}

Result<std::unique_ptr<Database>> open_one(const std::string& file, const std::string& patch, Which which, const ServerFacts& facts) {
  std::unique_ptr<Database> database = TRY(Database::open(file));
  if (!file.empty() && TRY(needs_backup(*database, patch, which))) TRY(make_backup(*database, file, which));
  TRY_CTX(database->write([&](Tx& tx) -> Result<> {
    TRY(apply_patch_file(tx, patch));
    int64_t found = TRY(migrate(tx, which));
    if (found == 0) return which == Which::global ? seed_global(tx, facts) : seed_local(tx);
    return which == Which::global ? refresh_member(tx, facts) : Result<>{};
  }), "Failed opening the {} database", which == Which::global ? "global" : "local");
  // After the commit: a crash in between runs the patch once more, losing it would be worse.
  if (!patch.empty() && unlink(patch.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed removing " + quote(patch));
  return database;
}

}  // namespace

int global_schema_version() { return migrations(Which::global).back().version; }

Result<std::unique_ptr<Database>> open_local(const std::string& directory) {
  TRY(make_directory(directory));
  return open_one(directory + "/local.db", directory + "/patch.local.sql", Which::local, {});
}

Result<std::unique_ptr<Database>> open_global(const std::string& directory, const ServerFacts& facts) {
  TRY(make_directory(directory));
  TRY(make_directory(directory + "/global"));
  return open_one(directory + "/global/db.bin", directory + "/patch.global.sql", Which::global, facts);
}

Result<std::unique_ptr<Database>> open_memory_global() { return open_one("", "", Which::global, {.api_extensions = 1, .architecture = 2}); }
Result<std::unique_ptr<Database>> open_memory_local() { return open_one("", "", Which::local, {}); }

}  // namespace db
