// Requests that must be refused: each row of bad_requests.def has upstream's status, and leaves nothing behind.
#include <catch2/catch_test_macros.hpp>

#include "harness.h"

using http::Method;
using test::TestDaemon;

namespace {

struct BadRequest {
  Method method;
  const char *target, *body, *etag;
  int status;
};
constexpr BadRequest kBadRequests[] = {
#define BAD_REQUEST(method, target, body, etag, status) {Method::method, target, body, etag, status},
#include "bad_requests.def"
#undef BAD_REQUEST
};

/// What the rows refer to.
constexpr std::pair<const char*, const char*> kSetup[] = {
    {"/1.0/projects", R"({"name":"p1"})"},
    {"/1.0/storage-pools", R"({"name":"pool1","driver":"dir"})"},
    {"/1.0/profiles", R"({"name":"web"})"},
    {"/1.0/network-zones", R"({"name":"z.example"})"},
    {"/1.0/network-acls", R"({"name":"acl1"})"},
    {"/1.0/network-address-sets", R"({"name":"as1"})"},
    {"/1.0/network-integrations", R"({"name":"int1","type":"ovn"})"},
    {"/1.0/storage-pools/pool1/volumes/custom", R"({"name":"v1"})"},
};

}  // namespace

TEST_CASE("bad requests are refused with upstream's statuses", "[api]") {
  TestDaemon daemon;
  for (const auto& [path, body] : kSetup) {
    INFO(path);
    REQUIRE(daemon.call(Method::post, path, body).status < 300);
  }
  constexpr const char* kCounted[] = {"/1.0/projects", "/1.0/storage-pools", "/1.0/profiles", "/1.0/network-zones", "/1.0/network-acls",
                                      "/1.0/network-address-sets", "/1.0/network-integrations", "/1.0/certificates", "/1.0/instances"};
  auto counts = [&] {
    std::vector<size_t> sizes;
    for (const char* path : kCounted) sizes.push_back(daemon.get(path).metadata().size());
    return sizes;
  };
  test::add_instance(daemon, "default", "c1");
  auto before = counts();
  for (const BadRequest& row : kBadRequests) {
    StringMap headers;
    if (*row.etag) headers["If-Match"] = row.etag;
    auto answer = daemon.call(row.method, row.target, row.body, headers);
    INFO(http::method_name(row.method) << " " << row.target << " " << row.body << " -> " << answer.error());
    CHECK(answer.status == row.status);
    CHECK_FALSE(answer.error().empty());
  }
  CHECK(counts() == before);
}
