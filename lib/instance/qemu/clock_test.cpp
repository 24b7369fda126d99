#include "instance/qemu/clock.h"

#include <catch2/catch_test_macros.hpp>

using namespace instance::qemu;

TEST_CASE("a machine's clock begins where its guest wants it") {
  CHECK(clock_base({}, 1000000000).empty());
  CHECK(clock_base({.adjustment = 3600, .local = false}, 1000000000) == "2001-09-09T02:46:40");
  CHECK(clock_base({.adjustment = -1000000000, .local = false}, 1000000000) == "1970-01-01T00:00:00");
  CHECK(clock_base({.adjustment = 0, .local = true}, 1000000000).size() == 19);
  CHECK(clock_base({.adjustment = INT64_MAX / 2, .local = false}, 0).empty());
}
