#include "instance/keys.h"

#include <catch2/catch_test_macros.hpp>

using instance::Type;
using instance::validate_config;

TEST_CASE("instance keys: known, unknown and of the other type") {
  CHECK(validate_config({{"limits.memory", "1GiB"}, {"user.anything", "x"}, {"volatile.eth0.hwaddr", "x"}}, Type::container, false));
  CHECK_FALSE(validate_config({{"limits.memoryy", "1GiB"}}, Type::container, false));
  CHECK_FALSE(validate_config({{"raw.qemu", "x"}}, Type::container, false));
  CHECK(validate_config({{"raw.qemu", "x"}}, Type::any, false));
  CHECK_FALSE(validate_config({{"volatile.eth0.hwaddr", "x"}}, Type::any, false));
  CHECK_FALSE(validate_config({{"limits.memory", "0"}}, Type::container, false));
  CHECK_FALSE(validate_config({{"limits.cpu", "0-"}}, Type::container, false));
  CHECK(validate_config({{"limits.cpu", "0-1,3"}}, Type::container, false));
  CHECK_FALSE(validate_config({{"raw.lxc", "lxc.prlimit.as = 1"}}, Type::container, false));
  CHECK_FALSE(validate_config({{"raw.seccomp", "x"}, {"security.syscalls.deny", "y"}}, Type::container, false));
}

TEST_CASE("every key has a summary and can be found") {
  for (const config::Key& key : instance::keys()) {
    INFO(key.name);
    CHECK_FALSE(key.summary.empty());
    CHECK(config::find(instance::keys(), key.name) == &key);
  }
  CHECK(instance::is_live("user.foo"));
  CHECK(instance::is_live("limits.memory"));
  CHECK_FALSE(instance::is_live("security.privileged"));
}
