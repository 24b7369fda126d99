#include "instance/instance_types.h"

#include <catch2/catch_test_macros.hpp>

using instance::parse_instance_type;

TEST_CASE("Instance types are CPUs, memory and disk") {
  auto small = parse_instance_type("c0.5-m0.2");
  REQUIRE(small);
  CHECK(small->config == StringMap{{"limits.cpu", "1"}, {"limits.cpu.allowance", "50%"}, {"limits.memory", "204MiB"}});
  auto large = parse_instance_type("c2-m4-d10");
  REQUIRE(large);
  CHECK(large->config == StringMap{{"limits.cpu", "2"}, {"limits.memory", "4096MiB"}});
  CHECK(large->disk_size == int64_t{10} << 30);
  for (const char* bad : {"", "t2.micro", "c", "cx", "c1-z2", "c-1", "cinf"}) CHECK_FALSE(parse_instance_type(bad));
}
