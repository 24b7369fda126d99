// What was acknowledged survives kill -9, and what was not leaves no half behind.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <thread>

#include "base/encode.h"
#include "db/database.h"
#include "db/schema.h"

using namespace db;

namespace {

/// In a child process: writes numbered pairs until it is killed, telling each number after its commit.
[[noreturn]] void write_forever(const std::string& directory, int pipe) {
  auto database = open_global(directory, {});
  if (!database) _exit(1);
  int64_t next = (*database)->read([](Tx& tx) { return tx.query_integer("SELECT COUNT(*) FROM config"); })->value();
  for (int64_t number = next;; ++number) {
    auto done = (*database)->write([&](Tx& tx) -> Result<> {
      std::string key = "user.n" + std::to_string(number);
      TRY(tx.insert("INSERT INTO config (key, value) VALUES (?, ?)", {key, std::string(2000, 'x')}));
      TRY(tx.insert("INSERT INTO projects_config (project_id, key, value) VALUES (1, ?, '')", {key}));
      return {};
    });
    if (!done || write(pipe, &number, sizeof number) != sizeof number) _exit(2);
  }
}

int64_t last_told(int pipe) {
  int64_t number = -1, last = -1;
  while (read(pipe, &number, sizeof number) == sizeof number) last = number;
  return last;
}

}  // namespace

TEST_CASE("acknowledged writes survive kill -9", "[db][crash]") {
  std::string directory = "/tmp/incusbox-crash-" + random_uuid();
  std::filesystem::create_directory(directory);
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) write_forever(directory, ends[1]);
    close(ends[1]);
    std::this_thread::sleep_for(milliseconds(20 + 17 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    int64_t told = last_told(ends[0]);
    close(ends[0]);

    auto database = open_global(directory, {});
    REQUIRE(database);
    auto number = [&](const std::string& sql) { return (*database)->read([&](Tx& tx) { return tx.query_integer(sql); })->value_or(-1); };
    CHECK(number("SELECT COUNT(*) FROM config") >= told + 1);
    CHECK(number("SELECT (SELECT COUNT(*) FROM config) - (SELECT COUNT(*) FROM projects_config WHERE key LIKE 'user.n%')") == 0);
    CHECK((*database)->read([](Tx& tx) { return tx.query_text("PRAGMA integrity_check"); })->value_or("") == "ok");
  }
  std::filesystem::remove_all(directory);
}
