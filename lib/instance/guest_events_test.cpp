#include "instance/guest_events.h"

#include <catch2/catch_test_macros.hpp>

#include "api/json.h"

using instance::GuestEvents;

TEST_CASE("Guests hear of their own user keys and devices only") {
  GuestEvents events;
  std::vector<Json> heard;
  auto handle = events.listen(7, {"config", "device"}, [&](const std::string& frame) {
    heard.push_back(*api::parse_json(frame));
    return true;
  });
  events.changed(8, {}, {{"user.x", "1"}}, {});
  events.changed(7, {{"user.foo", "bar"}, {"security.nesting", "true"}}, {{"user.foo", "baz"}}, {.removed = {}, .added = {{"mnt", {{"type", "disk"}}}}, .updated = {}});
  REQUIRE(heard.size() == 2);
  CHECK(heard[0]["metadata"] == Json({{"key", "user.foo"}, {"old_value", "bar"}, {"value", "baz"}}));
  CHECK(heard[1]["type"] == "device");
  CHECK(heard[1]["metadata"]["action"] == "added");
  CHECK_FALSE(heard[1].contains("project"));
  handle.reset();
  events.changed(7, {}, {{"user.x", "1"}}, {});
  CHECK(heard.size() == 2);
}

TEST_CASE("A listener that fails is dropped") {
  GuestEvents events;
  int calls = 0;
  auto handle = events.listen(1, {"config"}, [&](const std::string&) { return ++calls > 1; });
  events.changed(1, {}, {{"user.a", "1"}, {"user.b", "1"}}, {});
  CHECK(calls == 1);
}
