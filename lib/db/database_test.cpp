#include "db/database.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/encode.h"
#include "base/strings.h"
#include "db/connection.h"
#include "db/dump.h"
#include "db/schema.h"

using namespace db;

namespace {
struct TempDir {
  std::string path = "/tmp/incusbox-db-" + random_uuid();
  TempDir() { std::filesystem::create_directory(path); }
  ~TempDir() { std::filesystem::remove_all(path); }
};
int64_t count(Database& database, const std::string& table) {
  return database.read([&](Tx& tx) { return tx.query_integer("SELECT COUNT(*) FROM " + table); })->value();
}
}  // namespace

TEST_CASE("a failed transaction leaves nothing and the generation alone", "[db]") {
  auto database = *open_memory_global();
  uint64_t before = database->generation();
  auto failed = database->write([&](Tx& tx) -> Result<> {
    TRY(tx.insert("INSERT INTO config (key, value) VALUES ('a', 'b')"));
    return fail(Code::invalid, "no");
  });
  REQUIRE(!failed);
  CHECK(failed.error().message() == "no");
  CHECK(count(*database, "config") == 0);
  CHECK(database->generation() == before);
  REQUIRE(database->write([&](Tx& tx) { return tx.insert("INSERT INTO config (key, value) VALUES ('a', 'b')"); }));
  CHECK(database->generation() > before);
}

TEST_CASE("a unique violation is a conflict, bad SQL is invalid", "[db]") {
  auto database = *open_memory_global();
  auto twice = database->write([&](Tx& tx) { return tx.insert("INSERT INTO projects (name, description) VALUES ('default', '')"); });
  REQUIRE(!twice);
  CHECK(twice.error().code() == Code::conflict);
  auto bad = database->read([&](Tx& tx) { return tx.query_integer("SELECT nothing FROM nowhere"); });
  REQUIRE(!bad);
  CHECK(bad.error().code() == Code::invalid);
}

TEST_CASE("a transaction inside a write is refused, a reader beside it sees the old rows", "[db]") {
  TempDir dir;
  auto database = *open_global(dir.path, {.api_extensions = 3, .architecture = 2});
  auto outer = database->write([&](Tx& tx) -> Result<> {
    TRY(tx.insert("INSERT INTO config (key, value) VALUES ('a', 'b')"));
    CHECK(count(*database, "config") == 0);
    auto inner = database->write([](Tx& again) { return again.exec("DELETE FROM config"); });
    CHECK(!inner);
    return {};
  });
  CHECK(outer);
  CHECK(count(*database, "config") == 1);
}

TEST_CASE("the same query may be nested", "[db]") {
  auto database = *open_memory_global();
  int rows = 0;
  const std::string sql = "SELECT key FROM projects_config";
  auto done = database->read([&](Tx& tx) -> Result<> {
    return tx.query(sql, {}, [&](const Row&) {
      return tx.query(sql, {}, [&](const Row&) -> Result<> { return ++rows, Result<>{}; });
    });
  });
  REQUIRE(done);
  CHECK(rows == 36);
}

TEST_CASE("fresh databases have upstream's first rows and survive reopening", "[db]") {
  TempDir dir;
  for (int round = 0; round < 2; ++round) {
    auto global = *open_global(dir.path, {.api_extensions = 5 + round, .architecture = 2});
    auto local = *open_local(dir.path);
    CHECK(count(*global, "schema") == 1);
    CHECK(count(*global, "nodes WHERE name = 'none' AND address = '0.0.0.0' AND api_extensions = " + std::to_string(5 + round)) == 1);
    CHECK(count(*global, "projects_config WHERE value = 'true'") == 6);
    CHECK(count(*global, "profiles WHERE description = 'Default Incus profile'") == 1);
    CHECK(count(*local, "patches WHERE name = 'dnsmasq_entries_include_device_name'") == 1);
    CHECK(count(*local, "schema WHERE version = 43") == 1);
  }
}

TEST_CASE("a patch file runs once before anything else", "[db]") {
  TempDir dir;
  REQUIRE(open_global(dir.path, {}));
  std::string patch = dir.path + "/patch.global.sql";
  REQUIRE(write_file_atomic(patch, "INSERT INTO config (key, value) VALUES ('x', '1'); INSERT INTO config (key, value) VALUES ('y', '2');"));
  auto global = *open_global(dir.path, {});
  CHECK(count(*global, "config") == 2);
  CHECK(!std::filesystem::exists(patch));
  global.reset();
  REQUIRE(write_file_atomic(patch, "UPDATE config SET value = 'z'; broken"));
  CHECK(!open_global(dir.path, {}));
  CHECK(std::filesystem::exists(patch));
  // What a user does after that: drop the patch, go back to the copy made before it ran.
  std::filesystem::remove(patch);
  std::filesystem::remove_all(dir.path + "/global");
  std::filesystem::copy(dir.path + "/global.bak", dir.path + "/global");
  global = *open_global(dir.path, {});
  CHECK(count(*global, "config WHERE value IN ('1', '2')") == 2);
}

TEST_CASE("databases of an unknown version are refused", "[db]") {
  TempDir dir;
  {
    auto local = *open_local(dir.path);
    REQUIRE(local->write([](Tx& tx) { return tx.exec("UPDATE schema SET version = 9000"); }));
  }
  auto newer = open_local(dir.path);
  REQUIRE(!newer);
  CHECK(newer.error().message().contains("more recent than expected '43'"));
}

TEST_CASE("a dump recreates the database", "[db]") {
  auto source = *open_memory_global();
  REQUIRE(source->write([](Tx& tx) { return tx.insert("INSERT INTO config (key, value) VALUES ('k''s', 'line\none')"); }));
  std::string text = *source->dump(false);
  CHECK(text.contains("CREATE TRIGGER"));
  CHECK(text.contains("CREATE VIEW"));
  CHECK(text.contains("CREATE INDEX"));
  CHECK(text.contains("'k''s',replace('line\\none','\\n',char(10))"));
  CHECK(!source->dump(true)->contains("INSERT INTO"));
  auto target = *Connection::open(":memory:", false);
  REQUIRE(target->script(text));
  ConnectionTx tx(*target);
  CHECK(*tx.query_integer("SELECT COUNT(*) FROM config WHERE value = 'line' || char(10) || 'one'") == 1);
  CHECK(*dump_text(tx, false) == text);
}

TEST_CASE("times are read in every form upstream has written", "[db]") {
  auto database = *Database::open("");
  auto time_of = [&](const std::string& expression) {
    Timestamp found;
    auto done = database->read([&](Tx& tx) {
      return tx.query("SELECT " + expression, {}, [&](const Row& row) -> Result<> { return found = row.time(0), Result<>{}; });
    });
    CHECK(done);
    return found.rfc3339();
  };
  CHECK(time_of("'2026-01-02 03:04:05.678+01:00'") == "2026-01-02T03:04:05.678+01:00");
  CHECK(time_of("'2026-01-02 03:04:05'") == "2026-01-02T03:04:05Z");
  CHECK(time_of("'2026-01-02T03:04:05Z'") == "2026-01-02T03:04:05Z");
  CHECK(time_of("1767323045") == "2026-01-02T03:04:05Z");
  CHECK(time_of("0") == "0001-01-01T00:00:00Z");
  CHECK(time_of("NULL") == "0001-01-01T00:00:00Z");
}

TEST_CASE("a full disk is a clear error and the database goes on", "[db]") {
  TempDir dir;
  auto database = *open_global(dir.path, {});
  auto big = [&] {
    return database->write([](Tx& tx) { return tx.insert("INSERT INTO config (key, value) VALUES ('big', ?)", {std::string(1 << 20, 'x')}); });
  };
  // SQLite's own limit fails the way a full disk does.
  REQUIRE(database->write([](Tx& tx) { return tx.query_integer("PRAGMA max_page_count=150"); }));
  auto full = big();
  REQUIRE(!full);
  CHECK(full.error().code() == Code::unavailable);
  CHECK(full.error().message().contains("full"));
  CHECK(count(*database, "config") == 0);
  REQUIRE(database->write([](Tx& tx) { return tx.query_integer("PRAGMA max_page_count=100000"); }));
  CHECK(big());
  CHECK(count(*database, "config") == 1);
}
