#include <catch2/catch_test_macros.hpp>

#include "api/filter.h"

using api::Filter;

namespace {
const Json kObject = Json::parse(R"({"name":"c1","status":"Running","status_code":103,"ephemeral":false,"config":{"image.os":"Debian","user.a":"x y"},
  "devices":{"eth0":{"nictype":"bridged"}},"profiles":["default","web"]})");

bool passes(std::string_view text) {
  auto filter = Filter::parse(text);
  REQUIRE(filter);
  auto result = filter->match(kObject);
  REQUIRE(result);
  return *result;
}
}  // namespace

TEST_CASE("filters compare by the field's type", "[filter]") {
  CHECK(passes(""));
  CHECK(passes("name eq c1"));
  CHECK(passes("name eq C1"));
  CHECK(passes("name eq c.*"));
  CHECK_FALSE(passes("name eq c"));
  CHECK(passes("name eq ^c"));
  CHECK(passes("name ne c2"));
  CHECK(passes("status_code eq 103"));
  CHECK(passes("ephemeral eq false"));
  CHECK(passes("config.image.os eq debian"));
  CHECK(passes("config.user.a eq \"x y\""));
  CHECK(passes("devices.eth0.nictype eq bridged"));
  CHECK(passes("profiles eq [\"default\",\"web\"]"));
  CHECK(passes("name eq c2,c1"));
}

TEST_CASE("filters join from left to right without precedence", "[filter]") {
  CHECK(passes("name eq c2 or status eq running"));
  CHECK_FALSE(passes("status eq running or name eq c1 and name eq c2"));
  CHECK(passes("not name eq c2"));
  CHECK(passes("NOT name eq c2 and status eq Running"));
}

TEST_CASE("broken filters are refused with the server's words", "[filter]") {
  for (auto [text, message] : std::initializer_list<std::pair<const char*, const char*>>{
           {"not", "incomplete not clause"},
           {"foo", "clause has no operator"},
           {"foo eq", "clause has no value"},
           {"foo eq \"bar", "unterminated quote"},
           {"foo eq bar and", "unterminated compound clause"},
           {"foo eq bar xxx", "invalid clause composition"}}) {
    auto filter = Filter::parse(text);
    REQUIRE_FALSE(filter);
    CHECK(filter.error().message() == message);
  }
  CHECK_FALSE(Filter::parse("status_code eq abc")->match(kObject));
  CHECK_FALSE(Filter::parse("nosuchfield eq abc")->match(kObject));
  CHECK_FALSE(passes("config.nosuchkey eq abc"));
  CHECK(passes("config.im.os eq debian"));
}
