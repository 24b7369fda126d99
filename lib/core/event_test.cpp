#include <catch2/catch_test_macros.hpp>

#include "core/event.h"

using namespace core;

TEST_CASE("listeners get what they asked for", "[event]") {
  Events events;
  StringList one, all;
  auto a = events.listen({.types = {"lifecycle"}, .project = "p"}, [&](const std::string& frame) { return one.push_back(frame), true; });
  auto b = events.listen({.types = {"lifecycle", "operation"}, .all_projects = true}, [&](const std::string& frame) { return all.push_back(frame), true; });
  events.lifecycle("p", "instance-created", "/1.0/instances/c1?project=p", {"root", "unix", "@"}, nullptr, "c1");
  events.lifecycle("q", "instance-created", "/1.0/instances/c1?project=q", {});
  events.send("operation", "", "{}");
  REQUIRE(one.size() == 1);
  CHECK(all.size() == 3);
  Json event = Json::parse(one[0]);
  CHECK(event["type"] == "lifecycle");
  CHECK(event["project"] == "p");
  CHECK(event["metadata"]["action"] == "instance-created");
  CHECK(event["metadata"]["requestor"]["username"] == "root");
  CHECK(event["metadata"]["name"] == "c1");
  a.reset();
  events.lifecycle("p", "instance-deleted", "/1.0/instances/c1?project=p", {});
  CHECK(one.size() == 1);
}

TEST_CASE("a listener that refuses is dropped", "[event]") {
  Events events;
  int calls = 0;
  auto handle = events.listen({.types = {"operation"}, .all_projects = true}, [&](const std::string&) { return calls++, false; });
  events.send("operation", "", "{}");
  events.send("operation", "", "{}");
  CHECK(calls == 1);
  CHECK_FALSE(events.wanted("operation"));
}
