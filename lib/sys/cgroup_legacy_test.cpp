#include <catch2/catch_test_macros.hpp>

#include "base/strings.h"
#include "sys/cgroup_legacy.h"

using namespace sys::legacy;

namespace {

std::string settings(const std::string& file, const std::string& value, const StringMap& there = {}) {
  StringList out;
  Reader read = [&](const std::string& name) -> std::optional<std::string> {
    auto found = there.find(name);
    return found == there.end() ? std::nullopt : std::optional(found->second);
  };
  for (const Setting& one : translate(file, value, read)) out.push_back(one.file + "=" + one.value);
  return join(out, " ");
}

std::string text(const std::string& file, const StringMap& there) {
  return text_of(file, [&](const std::string& name) -> std::optional<std::string> {
    auto found = there.find(name);
    return found == there.end() ? std::nullopt : std::optional(found->second);
  }).value_or("(none)");
}

constexpr const char* kMounts =
    "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0\n"
    "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n"
    "cgroup /sys/fs/cgroup/blkio cgroup rw,relatime,blkio 0 0\n"
    "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0\n"
    "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";

}  // namespace

TEST_CASE("limits in version 1's files", "[cgroup]") {
  CHECK(settings("memory.max", "1048576") == "memory.limit_in_bytes=1048576");
  CHECK(settings("memory.max", "max") == "memory.limit_in_bytes=-1");
  StringMap limited = {{"memory.limit_in_bytes", "100"}, {"memory.memsw.limit_in_bytes", "150"}};
  CHECK(settings("memory.max", "200", limited) == "memory.memsw.limit_in_bytes=-1 memory.limit_in_bytes=200 memory.memsw.limit_in_bytes=250");
  CHECK(settings("memory.max", "max", limited) == "memory.memsw.limit_in_bytes=-1 memory.limit_in_bytes=-1 memory.memsw.limit_in_bytes=-1");
  CHECK(settings("memory.high", "max") == "memory.soft_limit_in_bytes=-1");
  CHECK(settings("memory.swap.max", "50", {{"memory.limit_in_bytes", "100"}}) == "memory.memsw.limit_in_bytes=150");
  CHECK(settings("memory.swap.max", "max", {{"memory.limit_in_bytes", "100"}}) == "memory.memsw.limit_in_bytes=-1");
  CHECK(settings("pids.max", "max") == "pids.max=max");
  CHECK(settings("cpu.max", "20000 100000") == "cpu.cfs_period_us=100000 cpu.cfs_quota_us=20000");
  CHECK(settings("cpu.max", "max") == "cpu.cfs_quota_us=-1");
  CHECK(settings("cpu.weight", "100") == "cpu.shares=1024");
  CHECK(settings("cpu.weight", "1") == "cpu.shares=10");
  CHECK(settings("cpuset.cpus", "0-1") == "cpuset.cpus=0-1");
  CHECK(settings("cpuset.cpus", "\n", {{"../cpuset.cpus", "0-3"}}) == "cpuset.cpus=0-3");
  CHECK(settings("io.max", "8:0 rbps=1048576 wiops=5") == "blkio.throttle.read_bps_device=8:0 1048576 blkio.throttle.write_iops_device=8:0 5");
  CHECK(settings("io.max", "8:0 rbps=max") == "blkio.throttle.read_bps_device=8:0 0");
  CHECK(settings("io.weight", "5000") == "blkio.weight=1000");
  CHECK(settings("io.weight", "10", {{"blkio.bfq.weight", "100"}}) == "blkio.bfq.weight=10");
  CHECK(settings("hugetlb.2MB.max", "max") == "hugetlb.2MB.limit_in_bytes=-1");
  CHECK(settings("hugetlb.2MB.rsvd.max", "4096") == "hugetlb.2MB.rsvd.limit_in_bytes=4096");
  CHECK(settings("cgroup.freeze", "1") == "");
}

TEST_CASE("version 1's files in version 2's words", "[cgroup]") {
  CHECK(text("memory.max", {{"memory.limit_in_bytes", "9223372036854771712"}}) == "max");
  CHECK(text("memory.max", {{"memory.limit_in_bytes", "4096"}}) == "4096");
  CHECK(text("memory.swap.current", {{"memory.memsw.usage_in_bytes", "70"}, {"memory.usage_in_bytes", "50"}}) == "20");
  CHECK(text("memory.stat", {{"memory.stat", "cache 1\ntotal_cache 2\ntotal_rss 3\ntotal_shmem 4"}}) == "file 2\nanon 3\nshmem 4\n");
  CHECK(text("memory.events", {{"memory.oom_control", "oom_kill_disable 0\noom_kill 3"}}) == "oom_kill 3\n");
  CHECK(text("cpu.stat", {{"cpuacct.usage", "5000"}, {"cpuacct.usage_user", "3000"}}) == "usage_usec 5\nuser_usec 3\nsystem_usec 0\n");
  CHECK(text("cpu.max", {{"cpu.cfs_quota_us", "-1"}, {"cpu.cfs_period_us", "100000"}}) == "max 100000");
  CHECK(text("io.stat", {{"blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\nTotal 3"}, {"blkio.throttle.io_serviced", "8:0 Read 4"}}) == "8:0 rbytes=1 wbytes=2 rios=4\n");
  CHECK(text("cgroup.events", {}) == "(none)");
}

TEST_CASE("version 1 hierarchies and the groups in them", "[cgroup]") {
  Folders mounts = parse_mounts(kMounts);
  CHECK(mounts == Folders{{"cpu", "/sys/fs/cgroup/cpu,cpuacct"}, {"cpuacct", "/sys/fs/cgroup/cpu,cpuacct"}, {"io", "/sys/fs/cgroup/blkio"}, {"memory", "/sys/fs/cgroup/memory"}});
  std::string groups = "4:memory:/a/lxc.payload.c1/inner\n3:cpu,cpuacct:/lxc.payload.c1\n2:blkio:/\n1:name=systemd:/lxc.payload.c1\n0::/lxc.payload.c1\n";
  CHECK(parse_groups(groups, mounts, "lxc.payload.") == Folders{{"cpu", "/sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1"}, {"cpuacct", "/sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1"}, {"memory", "/sys/fs/cgroup/memory/a/lxc.payload.c1"}});
  CHECK(parse_groups(groups, mounts, "")["io"] == "/sys/fs/cgroup/blkio/");
  CHECK(parse_groups(groups, {}, "lxc.payload.").empty());
}
