#include <catch2/catch_test_macros.hpp>

#include "harness.h"

using test::add_instance;
using test::TestDaemon;
using http::Method;

namespace {

/// Was the answer finished before a worker saw the request?
bool from_memory(TestDaemon& daemon, const std::string& query) {
  http::Request request;
  request.path = "/1.0/instances";
  request.query = http::Query::parse(query);
  return daemon->dispatcher->plan(request).inline_;
}

}  // namespace

TEST_CASE("instance lists come from memory until something changes", "[api]") {
  TestDaemon daemon;
  CHECK(daemon.get("/1.0/instances").metadata() == Json::array());
  int64_t id = add_instance(daemon, "default", "c1");
  for (const char* query : {"recursion=0", "recursion=1", "recursion=2", "filter=name%20eq%20c1", "recursion=1&all-projects=true"}) {
    CHECK_FALSE(from_memory(daemon, query));
    auto first = daemon.get(std::string("/1.0/instances?") + query);
    REQUIRE(first.metadata().size() == 1);
    CHECK(from_memory(daemon, query));
    CHECK(daemon.get(std::string("/1.0/instances?") + query).body == first.body);
  }
  CHECK(daemon.get("/1.0/instances").metadata() == Json::array({"/1.0/instances/c1"}));
  CHECK(daemon.get("/1.0/instances?filter=name%20eq%20c2").metadata() == Json::array());

  auto description = [&] { return daemon.get("/1.0/instances?recursion=2").metadata()[0]["description"]; };
  CHECK(description() == "");
  REQUIRE(daemon->global->write([&](db::Tx& tx) { return tx.exec("UPDATE instances SET description = 'new' WHERE id = ?", {id}); }));
  REQUIRE(daemon->instances->reload(id));
  CHECK(description() == "new");
  REQUIRE(daemon->global->write([&](db::Tx& tx) { return db::instances::remove(tx, id); }));
  daemon->instances->forget("default", "c1");
  CHECK(daemon.get("/1.0/instances?recursion=2").metadata() == Json::array());
  CHECK(daemon.get("/1.0/instances?all-projects=true&project=default").status == 400);
  CHECK(daemon.get("/1.0/instances?filter=name%20zz").status == 400);
}

TEST_CASE("a list of another daemon or another caller is never taken", "[api]") {
  auto peer = TestDaemon::remote(std::string(64, 'a'));
  for (const std::string name : {"c1", "c2"}) {
    TestDaemon daemon;
    REQUIRE(daemon.call(Method::post, "/1.0/projects", R"({"name":"mine"})").status == 201);
    add_instance(daemon, "default", name);
    api::Certificate certificate;
    certificate.fingerprint = peer.fingerprint;
    certificate.type = "client";
    certificate.restricted = true;
    certificate.projects = {"mine"};
    daemon->trust.set({certificate});
    CHECK(daemon.get("/1.0/instances").metadata() == Json::array({"/1.0/instances/" + name}));
    for (int again = 0; again < 2; again++) {
      CHECK(daemon.call(Method::get, "/1.0/instances", "", {}, peer).metadata() == Json::array());
      CHECK(daemon.call(Method::get, "/1.0/instances?all-projects=true", "", {}, peer).metadata() == Json::array());
    }
  }
}
