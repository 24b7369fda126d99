#include <catch2/catch_test_macros.hpp>

#include "base/encode.h"
#include "harness.h"
#include "http/certificate.h"

using test::TestDaemon;
using http::Method;

TEST_CASE("the server describes itself and keeps its config", "[api]") {
  TestDaemon daemon;
  CHECK(daemon.get("/").metadata() == Json::array({"/1.0"}));
  auto server = daemon.get("/1.0");
  REQUIRE(server.status == 200);
  CHECK(server.metadata()["auth"] == "trusted");
  CHECK(server.metadata()["environment"]["server"] == "incus");
  CHECK(server.metadata()["config"] == Json::object());

  CHECK(daemon.call(Method::patch, "/1.0", R"({"config":{"user.a":"1","images.auto_update_interval":"7"}})").status == 200);
  auto changed = daemon.get("/1.0");
  CHECK(changed.metadata()["config"] == Json::parse(R"({"images.auto_update_interval":"7","user.a":"1"})"));
  CHECK(changed.headers.get("ETag") != server.headers.get("ETag"));

  auto stale = daemon.call(Method::put, "/1.0", R"({"config":{}})", {{"If-Match", server.headers.get("ETag")}});
  CHECK(stale.status == 412);
  CHECK(daemon.call(Method::put, "/1.0", R"({"config":{"user.b":"2"}})", {{"If-Match", changed.headers.get("ETag")}}).status == 200);
  CHECK(daemon.get("/1.0").metadata()["config"] == Json::parse(R"({"user.b":"2"})"));
  CHECK(daemon.call(Method::patch, "/1.0", R"({"config":{"nope":"2"}})").error() == "cannot set 'nope' to '2': unknown key");
}

TEST_CASE("strangers see little", "[api]") {
  TestDaemon daemon;
  auto server = daemon.call(Method::get, "/1.0", "", {}, TestDaemon::remote());
  CHECK(server.status == 200);
  CHECK(server.metadata()["auth"] == "untrusted");
  CHECK_FALSE(server.metadata().contains("environment"));
  CHECK(daemon.call(Method::get, "/1.0/projects", "", {}, TestDaemon::remote()).status == 403);
  CHECK(daemon.call(Method::put, "/1.0", "{}", {}, TestDaemon::remote()).status == 403);
  CHECK(daemon.call(Method::get, "/internal/ready", "", {}, TestDaemon::remote()).status == 403);
  CHECK(daemon.get("/1.0/nope").status == 404);
  CHECK(daemon.call(Method::delete_, "/1.0").status == 501);
}

TEST_CASE("a restricted certificate sees its projects only", "[api]") {
  TestDaemon daemon;
  auto pair = http::generate_certificate(http::CertificateUse::client);
  REQUIRE(pair);
  std::string fingerprint = *http::certificate_fingerprint(pair->certificate_pem);
  CHECK(daemon.call(Method::post, "/1.0/projects", R"({"name":"p1"})").status == 201);
  Json post = {{"type", "client"}, {"name", "c"}, {"certificate", pair->certificate_pem}, {"restricted", true}, {"projects", {"p1"}}};
  auto added = daemon.call(Method::post, "/1.0/certificates", post.dump());
  REQUIRE(added.status == 201);
  CHECK(added.headers.get("Location") == "/1.0/certificates/" + fingerprint);
  CHECK(daemon.call(Method::post, "/1.0/certificates", post.dump()).status == 409);

  CHECK(daemon.get("/1.0/projects/p1/access").metadata() == Json::array({{{"identifier", fingerprint}, {"role", "operator"}, {"provider", "tls"}}}));
  CHECK(daemon.get("/1.0/projects/default/access").metadata() == Json::array());
  CHECK(daemon.get("/1.0/projects/nope/access").status == 404);
  CHECK(daemon.get("/1.0/instances/nope/access").status == 404);

  auto as_client = [&](Method method, const std::string& target, const std::string& body = "") {
    return daemon.call(method, target, body, {}, TestDaemon::remote(fingerprint, pair->certificate_pem));
  };
  CHECK(as_client(Method::get, "/1.0").metadata()["auth"] == "trusted");
  CHECK(as_client(Method::get, "/1.0").metadata()["config"] == Json::object());
  CHECK(as_client(Method::get, "/1.0/projects").metadata() == Json::array({"/1.0/projects/p1"}));
  CHECK(as_client(Method::get, "/1.0/projects/default").status == 403);
  CHECK(as_client(Method::post, "/1.0/projects", R"({"name":"p2"})").status == 403);
  CHECK(as_client(Method::patch, "/1.0/certificates/" + fingerprint, R"({"restricted":false})").status == 403);
  CHECK(as_client(Method::get, "/1.0/operations?all-projects=true").status == 200);
  CHECK(daemon.call(Method::delete_, "/1.0/certificates/" + fingerprint.substr(0, 12)).status == 200);
  CHECK(as_client(Method::get, "/1.0").metadata()["auth"] == "untrusted");
}

TEST_CASE("a token lets a client in once", "[api]") {
  TestDaemon daemon;
  CHECK(daemon.call(Method::post, "/1.0/certificates", R"({"type":"client","token":true})").status == 400);
  CHECK(daemon.call(Method::patch, "/1.0", R"({"config":{"core.https_address":"127.0.0.1:0"}})").status == 200);
  auto issued = daemon.call(Method::post, "/1.0/certificates", R"({"type":"client","token":true,"name":"n"})");
  REQUIRE(issued.status == 202);
  Json metadata = issued.metadata()["metadata"];
  Json token = {{"client_name", "n"}, {"fingerprint", metadata["fingerprint"]}, {"addresses", metadata["addresses"]}, {"secret", metadata["secret"]}};
  Json post = {{"type", "client"}, {"trust_token", base64_encode(token.dump())}};
  auto pair = *http::generate_certificate(http::CertificateUse::client);
  std::string fingerprint = *http::certificate_fingerprint(pair.certificate_pem);
  auto peer = TestDaemon::remote(fingerprint, pair.certificate_pem);
  CHECK(daemon.call(Method::post, "/1.0/certificates", R"({"type":"client","trust_token":"bm8="})", {}, peer).status == 403);
  CHECK(daemon.call(Method::post, "/1.0/certificates", post.dump(), {}, peer).status == 201);
  CHECK(daemon.get("/1.0/certificates/" + fingerprint).metadata()["name"] == "n");
  auto other = *http::generate_certificate(http::CertificateUse::client);
  auto second = TestDaemon::remote(*http::certificate_fingerprint(other.certificate_pem), other.certificate_pem);
  CHECK(daemon.call(Method::post, "/1.0/certificates", post.dump(), {}, second).status == 403);
}
