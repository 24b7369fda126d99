#include "device/io_limits.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("I/O limits become a line of io.max") {
  CHECK(*device::io_max_line(8, 16, "1MiB", "500iops") == "8:16 rbps=1048576 wiops=500");
  CHECK(*device::io_max_line(8, 0, "", "") == "");
  CHECK(device::io_unlimited("8:16 rbps=1048576 wiops=500") == "8:16 rbps=max wiops=max");
  for (const char* bad : {"fast", "-1iops", "iops", "10XB"}) CHECK_FALSE(device::io_max_line(8, 0, bad, ""));
}
