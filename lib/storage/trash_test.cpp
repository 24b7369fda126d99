// Unit tests of what deletes and places folders of volumes: trash, sweeper, nursery.
#include "storage/trash.h"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

#include "archive/test_folder.h"
#include "async/runtime.h"
#include "storage/dir/nursery.h"
#include "storage/sweeper.h"

using namespace storage;
namespace fs = std::filesystem;

namespace {

using PoolFolder = archive::TestFolder;

std::string make_tree(const PoolFolder& pool, const std::string& name) {
  fs::create_directories(pool / name + "/below");
  std::ofstream(pool / name + "/below/file") << std::string(100000, 'x');
  return pool / name;
}

ino_t inode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

/// A sweep that goes on until it is told to stop.
struct Endless {
  std::atomic<int> began = 0, ended = 0;
  std::function<void(const Context&)> sweep() {
    return [this](const Context& ctx) {
      began.fetch_add(1);
      began.notify_all();
      (void)ctx.sleep(seconds(60));
      ended.fetch_add(1);
    };
  }
};

}  // namespace

TEST_CASE("trash: a tree is gone at once, its bytes are known until they are free, its place is remembered") {
  PoolFolder pool;
  Trash trash(pool.path);
  std::string tree = make_tree(pool, "c1");
  ino_t inode = inode_of(tree);
  CHECK(trash.bytes() == 0);
  REQUIRE(trash.put(tree));
  CHECK_FALSE(fs::exists(tree));
  CHECK(trash.put(tree));  // a missing one is no error
  CHECK(trash.bytes() >= 100000);
  CHECK_FALSE(trash.emptied_near(inode));
  trash.sweep(Context());
  CHECK(fs::is_empty(pool.path + "/.trash"));
  CHECK(trash.bytes() == 0);
  CHECK(trash.emptied_near(inode));
  CHECK(trash.emptied_near(inode + 1000));
  CHECK_FALSE(trash.emptied_near(inode + (1u << 20)));
}

TEST_CASE("trash: a stopped sweep leaves what is left for the next") {
  PoolFolder pool;
  Trash trash(pool.path);
  REQUIRE(trash.put(make_tree(pool, "c1")));
  std::stop_source stop;
  stop.request_stop();
  trash.sweep(Context(stop.get_token()));
  CHECK_FALSE(fs::is_empty(pool.path + "/.trash"));
  Trash(pool.path).sweep(Context());  // that of the next start
  CHECK(fs::is_empty(pool.path + "/.trash"));
}

TEST_CASE("nursery: folders come to be where they are wanted, and never replace anything") {
  PoolFolder pool;
  dir::Nursery nursery(pool.path);
  REQUIRE(nursery.make(pool / "c1"));
  CHECK(fs::is_empty(pool / "c1"));
  CHECK((fs::status(pool / "c1").permissions() & fs::perms::mask) == fs::perms::owner_all);
  auto again = nursery.make(pool / "c1");
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Code::conflict);
  CHECK_FALSE(nursery.make(pool / "missing/c1"));
  CHECK(fs::is_empty(pool / ".new"));
  fs::create_directories(pool / ".new/left-by-a-crash/1");
  nursery.sweep();
  CHECK(fs::is_empty(pool / ".new"));
}

TEST_CASE("nursery: the cheapest place is taken, and an ordinary one at once") {
  PoolFolder pool;
  std::vector<int64_t> costs = {900'000, 700'000, 20'000, 1'000'000, 50'000, 90'000, 30'000};
  std::vector<std::string> asked;
  dir::Nursery nursery(pool.path, [&](const std::string& folder) {
    asked.push_back(folder);
    return asked.size() <= costs.size() ? costs[asked.size() - 1] : 2'000'000;
  });
  REQUIRE(nursery.make(pool / "c1"));
  if (asked.empty()) SKIP("this file system does not spread folders");
  CHECK(asked.size() == 3);  // up to the first usual one
  REQUIRE(nursery.make(pool / "c2"));
  CHECK(asked.size() == 5);  // the same
  REQUIRE(nursery.make(pool / "c3"));
  CHECK(asked.size() == 7);
  REQUIRE(nursery.make(pool / "c4"));
  CHECK(asked.size() <= 7 + 13);  // not for ever
  CHECK(fs::is_empty(pool / ".new"));

  int questions = 0;
  dir::Nursery slow_machine(pool.path, [&](const std::string&) { return ++questions, 100'000; });
  for (const char* name : {"s1", "s2", "s3"}) REQUIRE(slow_machine.make(pool / name));
  CHECK(questions <= 15);  // once it knows that there is nothing better it asks no more
}

TEST_CASE("sweeper: runs in the background, and not while it is held off") {
  async::Runtime runtime({.io_threads = 1, .max_workers = 4});
  {
    Endless endless;
    auto sweeper = std::make_shared<Sweeper>(runtime, endless.sweep());
    CHECK_FALSE(sweeper->now());  // nothing to do
    sweeper->later();
    endless.began.wait(0);
    auto quiet = sweeper->hold_off();  // interrupts it and waits for its end
    CHECK(endless.ended == 1);
    sweeper->later();
    runtime.stop();  // has run all that was asked for
    CHECK(endless.began == 1);
  }
}
