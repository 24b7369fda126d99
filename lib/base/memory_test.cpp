#include "base/memory.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <fstream>
#include <vector>

namespace {

/// Pages of files that are mapped in, this program's own code above all.
long file_pages() {
  long size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

const char kConstant[1 << 16] = "still here";

}  // namespace

TEST_CASE("what is given back comes back when it is needed") {
  std::vector<char> data(1 << 22, 'x');
  long before = file_pages();
  release_free_memory();
  release_clean_memory();
  CHECK(file_pages() < before);
  CHECK(std::strcmp(kConstant, "still here") == 0);
  CHECK(data.back() == 'x');
  release_free_memory();
  release_clean_memory();
  CHECK(std::vector<int>(1000, 7).back() == 7);
}
