#include "sys/unnamed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/strings.h"

TEST_CASE("Files get their names when they are complete") {
  std::string folder = std::filesystem::temp_directory_path() / "unnamed-file-test", path = folder + "/named";
  std::filesystem::create_directory(folder);
  auto empty = [&] { return std::filesystem::is_empty(folder); };
  auto fd = sys::unnamed_file(folder);
  REQUIRE(fd);
  CHECK(empty());
  CHECK(write(fd->get(), "text", 4) == 4);
  REQUIRE(sys::name_file(fd->get(), path));
  CHECK(read_file(path).value() == "text");
  // What had a name and lost it, as where the file system knows no others.
  UniqueFd other(open((folder + "/other").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CHECK(write(other.get(), "more", 4) == 4);
  std::filesystem::remove(folder + "/other");
  REQUIRE(sys::name_file(other.get(), path));
  CHECK(read_file(path).value() == "more");
  std::filesystem::remove_all(folder);
  CHECK_FALSE(sys::unnamed_file(folder));
}
