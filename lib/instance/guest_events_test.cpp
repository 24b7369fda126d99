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
  auto changed = [&](int64_t id, const StringMap& before, const StringMap& after, const instance::DeviceChanges& devices) {
    for (const auto& message : instance::guest_messages(before, after, devices)) events.send(id, message);
  };
  changed(8, {}, {{"user.x", "1"}}, {});
  changed(7, {{"user.foo", "bar"}, {"security.nesting", "true"}}, {{"user.foo", "baz"}}, {.removed = {}, .added = {{"mnt", {{"type", "disk"}}}}, .updated = {}});
  REQUIRE(heard.size() == 2);
  CHECK(heard[0]["metadata"] == Json({{"key", "user.foo"}, {"old_value", "bar"}, {"value", "baz"}}));
  CHECK(heard[1]["type"] == "device");
  CHECK(heard[1]["metadata"]["action"] == "added");
  CHECK_FALSE(heard[1].contains("project"));
  CHECK(events.wanted(7));
  handle.reset();
  CHECK_FALSE(events.wanted(7));
  changed(7, {}, {{"user.x", "1"}}, {});
  CHECK(heard.size() == 2);
}

TEST_CASE("A listener that fails is dropped") {
  GuestEvents events;
  int calls = 0;
  auto handle = events.listen(1, {"config"}, [&](const std::string&) { return ++calls > 1; });
  for (const auto& message : instance::guest_messages({}, {{"user.a", "1"}, {"user.b", "1"}}, {})) events.send(1, message);
  CHECK(calls == 1);
}
