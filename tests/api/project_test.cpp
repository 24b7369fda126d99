#include <catch2/catch_test_macros.hpp>

#include "harness.h"

using test::TestDaemon;
using http::Method;

TEST_CASE("projects come, change, move and go", "[api]") {
  TestDaemon daemon;
  CHECK(daemon.call(Method::post, "/1.0/projects", R"({"name":"a_b"})").status == 400);
  CHECK(daemon.call(Method::post, "/1.0/projects", R"({"name":"foo","config":{"zz":"1"}})").status == 400);
  REQUIRE(daemon.call(Method::post, "/1.0/projects", R"({"name":"foo"})").status == 201);
  CHECK(daemon.call(Method::post, "/1.0/projects", R"({"name":"foo"})").status == 409);
  auto project = daemon.get("/1.0/projects/foo").metadata();
  CHECK(project["config"]["features.profiles"] == "true");
  CHECK(project["used_by"] == Json::array({"/1.0/profiles/default?project=foo"}));
  CHECK(daemon.call(Method::patch, "/1.0/projects/default", R"({"config":{"features.images":"false"}})").status == 400);
  CHECK(daemon.call(Method::patch, "/1.0/projects/foo", R"({"config":{"features.profiles":"false"}})").status == 200);
  CHECK(daemon.get("/1.0/projects/foo").metadata()["used_by"] == Json::array());
  auto renamed = daemon.call(Method::post, "/1.0/projects/foo", R"({"name":"bar"})");
  REQUIRE(renamed.status == 202);
  auto operation = daemon->operations->find(renamed.metadata()["id"]);
  REQUIRE(operation);
  CHECK(operation->wait(Context()));
  CHECK(daemon.get("/1.0/projects?filter=name%20eq%20bar").metadata() == Json::array({"/1.0/projects/bar"}));
  CHECK(daemon.call(Method::delete_, "/1.0/projects/default").status == 403);
  CHECK(daemon.call(Method::delete_, "/1.0/projects/bar").status == 200);
  CHECK(daemon.get("/1.0/projects/bar").status == 404);
}
