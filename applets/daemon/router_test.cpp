#include <catch2/catch_test_macros.hpp>

#include "applets/daemon/router.h"

using namespace incusd;

namespace {
Result<Reply> nothing(Call&) { return ok(); }
constexpr Route kRoutes[] = {
    {http::Method::get, "/", kUntrusted, kInline, nothing, ""},
    {http::Method::get, "/1.0", kUntrusted, kInline, nothing, ""},
    {http::Method::get, "/1.0/instances/{name}", kAuthenticated, kNoFlags, nothing, ""},
    {http::Method::get, "/1.0/instances/{name}/snapshots/{snapshot}", kAuthenticated, kNoFlags, nothing, ""},
    {http::Method::get, "/1.0/images/{fingerprint}", kAuthenticated, kNoFlags, nothing, ""},
    {http::Method::get, "/1.0/images/aliases", kAuthenticated, kNoFlags, nothing, ""},
    {http::Method::get, "/1.0/images/aliases/{name...}", kAuthenticated, kNoFlags, nothing, ""},
};
constexpr std::string_view kKnown[] = {"/1.0/cluster/groups"};
}  // namespace

TEST_CASE("the router finds routes and decodes names", "[router]") {
  Router router(kRoutes, kKnown);
  auto get = [&](std::string_view path) { return router.match(http::Method::get, path); };
  CHECK(get("/").route == &kRoutes[0]);
  CHECK(get("/1.0").route == &kRoutes[1]);
  CHECK(get("/1.0/instances/c1").params.at("name") == "c1");
  CHECK(get("/1.0/instances/a%2Fb%20c").params.at("name") == "a/b c");
  CHECK(get("/1.0/instances/c1/snapshots/s%2f1").params.at("snapshot") == "s/1");
  CHECK(get("/1.0/images/aliases").route == &kRoutes[5]);
  CHECK(get("/1.0/images/aliases/a/b").params.at("name") == "a/b");
  CHECK(get("/1.0/images/aliasesx").params.at("fingerprint") == "aliasesx");
}

TEST_CASE("the router tells unknown from unbuilt", "[router]") {
  Router router(kRoutes, kKnown);
  CHECK_FALSE(router.match(http::Method::get, "/2.0").known);
  CHECK_FALSE(router.match(http::Method::get, "/1.0/").known);
  CHECK_FALSE(router.match(http::Method::get, "/1.0/instances/").known);
  CHECK_FALSE(router.match(http::Method::get, "/1.0/%zz").known);
  CHECK_FALSE(router.match(http::Method::get, "/1.0/cluster").known);
  auto unbuilt = router.match(http::Method::get, "/1.0/cluster/groups");
  CHECK(unbuilt.known);
  CHECK(unbuilt.route == nullptr);
  CHECK(router.match(http::Method::post, "/1.0").known);
  CHECK(router.match(http::Method::post, "/1.0").route == nullptr);
}
