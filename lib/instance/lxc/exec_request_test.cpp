#include "instance/lxc/exec_request.h"

#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>

using namespace instance::lxc;

TEST_CASE("exec orders survive the trip") {
  ExecOrder order{.command = {"sh", "-c", ""}, .environment = {"A=b c\n", "E="}, .cwd = "/tmp", .uid = 5, .gid = 6, .terminal = true, .capabilities = 7};
  order.limits.push_back({RLIMIT_NOFILE, 10, RLIM_INFINITY});
  auto back = ExecOrder::decode(order.encode());
  REQUIRE(back);
  CHECK(back->command == order.command);
  CHECK(back->environment == order.environment);
  CHECK((back->uid == 5 && back->gid == 6 && back->terminal && back->capabilities == 7 && back->cwd == "/tmp"));
  CHECK(back->limits.at(0).hard == RLIM_INFINITY);
  CHECK(!ExecOrder::decode("x"));
}

TEST_CASE("kernel limits") {
  CHECK(parse_resource_limit("nofile", "100:200")->soft == 100);
  CHECK(parse_resource_limit("memlock", "unlimited")->hard == RLIM_INFINITY);
  CHECK(!parse_resource_limit("nofile", "many"));
  CHECK(!parse_resource_limit("color", "1"));
}
