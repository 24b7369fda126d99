#include <catch2/catch_test_macros.hpp>

#include "api/types/instance.h"
#include "api/types/network_acl.h"

TEST_CASE("a struct is written in field order, omitting what is marked") {
  api::InstancePut put;
  put.architecture = "x86_64";
  put.config["b"] = "<2>";
  put.config["a"] = "1";
  CHECK(api::dump(put) ==
        R"({"architecture":"x86_64","config":{"a":"1","b":"\u003c2\u003e"},"devices":{},"ephemeral":false,"profiles":[],"stateful":false,"description":""})");
}

TEST_CASE("reading ignores unknown members, matches without case and keeps numbers in config as text") {
  auto put = api::parse<api::InstancePut>(R"({"Description":"d","config":{"n":1,"t":true,"gone":null},"what":[1]})");
  REQUIRE(put);
  CHECK(put->description == "d");
  CHECK(put->config == StringMap{{"n", "1"}, {"t", "true"}, {"gone", ""}});
}

TEST_CASE("a wrong type names the member") {
  auto put = api::parse<api::InstancePut>(R"({"devices":{"root":{"size":[]}}})");
  REQUIRE(!put);
  CHECK(put.error().code() == Code::invalid);
  CHECK(put.error().message().find("devices.root.size") != std::string::npos);
}

TEST_CASE("two base structs keep their own members") {
  api::NetworkACLsPost acl;
  acl.name = "web";
  acl.description = "for web";
  auto back = api::parse<api::NetworkACLsPost>(api::dump(acl));
  REQUIRE(back);
  CHECK(back->name == "web");
  CHECK(back->description == "for web");
}

TEST_CASE("hostile JSON is refused, not crashed on") {
  CHECK(!api::parse_json(std::string(100000, '[')));
  CHECK(!api::parse_json("{\"a\":"));
  CHECK(!api::parse_json(""));
  CHECK(!api::parse_json("{\"n\": 1e999}"));
}
