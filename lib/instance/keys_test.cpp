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

TEST_CASE("virtual machines take what is documented for containers, but for limits of processes") {
  for (const auto& [name, value] : StringMap{{"security.privileged", "true"}, {"raw.lxc", "lxc.environment=A=b"}, {"limits.processes", "5"}, {"linux.sysctl.a.b", "1"}, {"oci.uid", "3"}})
    CHECK(validate_config({{name, value}}, Type::virtual_machine, false));
  CHECK_FALSE(validate_config({{"limits.kernel.nofile", "3"}}, Type::virtual_machine, false));
  CHECK_FALSE(validate_config({{"limits.kernel.other", "3"}}, Type::virtual_machine, false));
  CHECK_FALSE(validate_config({{"limits.processes", "many"}}, Type::virtual_machine, false));
}

TEST_CASE("instance keys: values") {
  auto takes = [](const std::string& name, const std::string& value) { return validate_config({{name, value}}, Type::container, false).has_value(); };
  for (const char* level : {"s0", "s0-s3", "s0:c1", "s0:c1,c2", "s0-s1:c1.c5,c9"}) CHECK(takes("security.selinux.level", level));
  for (const char* level : {"s", "0", "s0:", "s0:1", "s0:c1,", "s0-s1-s2", "x"}) CHECK_FALSE(takes("security.selinux.level", level));
  for (const char* type : {"container_t", "a1_b_t"}) CHECK(takes("security.selinux.type", type));
  for (const char* type : {"_t", "container", "Container_t", "1_t"}) CHECK_FALSE(takes("security.selinux.domain", type));
  CHECK(takes("oci.dns.nameservers", "1.1.1.1,2001:db8::1"));
  CHECK_FALSE(takes("oci.dns.nameservers", "abc"));
  CHECK_FALSE(takes("volatile.eth0.last_state.ip_addresses", "abc"));
  CHECK(takes("volatile.eth0.last_state.ip_addresses", "10.0.0.1"));
  CHECK(takes("cloud-init.network-config", "version: 1"));
  CHECK_FALSE(takes("cloud-init.network-config", "abc"));
  CHECK(takes("cloud-init.user-data", "#!/bin/sh\nexit 1"));
  CHECK(takes("cloud-init.user-data", "#cloud-config\npackages: [a]"));
  CHECK_FALSE(takes("cloud-init.user-data", "#cloud-config\n- : ["));
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
