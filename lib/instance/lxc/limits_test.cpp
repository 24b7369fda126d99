#include "instance/lxc/limits.h"

#include <catch2/catch_test_macros.hpp>

using namespace instance::lxc;

namespace {
bool all(const std::string&) { return true; }
bool none(const std::string&) { return false; }
}  // namespace

TEST_CASE("cpu limits") {
  CHECK(parse_cpu_limits("", "")->weight == 100);
  CHECK(parse_cpu_limits("50%", "")->weight == 50);
  CHECK(parse_cpu_limits("", "5")->weight == 95);
  auto slice = parse_cpu_limits("25ms/100ms", "10");
  CHECK((slice->quota == 25000 && slice->period == 100000 && slice->weight == 100));
  CHECK(!parse_cpu_limits("fast", ""));
  CHECK(!parse_cpu_limits("", "high"));
}

TEST_CASE("control group settings") {
  CHECK(cgroup_settings({}, false, all)->empty());
  CHECK(cgroup_settings({{"limits.memory", "1GiB"}}, false, none)->empty());
  auto memory = cgroup_settings({{"limits.memory", "1GiB"}}, false, all);
  CHECK(*memory == std::vector<CgroupSetting>{{"memory.max", "1073741824"}, {"memory.swap.max", "0", true}});
  auto soft = cgroup_settings({{"limits.memory", "1GiB"}, {"limits.memory.enforce", "soft"}}, false, all);
  CHECK(*soft == std::vector<CgroupSetting>{{"memory.high", "1073741824"}});
  CHECK(cgroup_settings({{"limits.processes", "100"}}, false, all)->at(0) == CgroupSetting{"pids.max", "100"});
  CHECK(cgroup_settings({{"limits.disk.priority", "0"}}, false, all)->at(0).value == "10");
  CHECK(!cgroup_settings({{"limits.memory", "much"}}, false, all));
  CHECK(cgroup_settings({}, true, all)->size() > 5);
}
