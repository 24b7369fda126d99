#include "sys/path_watch.h"

#include <poll.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

namespace {

bool readable(const sys::PathWatch& watch) {
  pollfd fd{watch.fd(), POLLIN, 0};
  return poll(&fd, 1, 1000) == 1;
}

}  // namespace

TEST_CASE("The folder to watch is the nearest that exists") {
  CHECK(sys::watchable_folder("/dev/null") == "/dev");
  CHECK(sys::watchable_folder("/dev/no-such/deep/er") == "/dev");
  CHECK(sys::watchable_folder("/no-such/x") == "/");
}

TEST_CASE("What comes and goes in a watched folder is seen") {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("path-watch-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  auto watch = sys::PathWatch::open();
  REQUIRE(watch);
  CHECK(watch->watch({folder}));
  CHECK_FALSE(watch->watch({folder}));
  std::ofstream(folder / "x") << "y";
  CHECK(readable(*watch));
  watch->drain();
  std::filesystem::remove_all(folder);
  CHECK(readable(*watch));
  watch->drain();
  std::filesystem::create_directories(folder);
  CHECK(watch->watch({folder}));  // another folder of that name
  std::filesystem::remove_all(folder);
}
