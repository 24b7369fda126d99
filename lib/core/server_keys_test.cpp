#include <catch2/catch_test_macros.hpp>

#include "core/auth.h"
#include "core/project_keys.h"
#include "core/server_keys.h"

using namespace core;

TEST_CASE("server config: defaults are not stored, errors name key and value", "[config]") {
  auto stored = validate_server_config({{"images.auto_update_interval", "6"}, {"core.https_address", "[::]:8443"}, {"user.a", "b"}, {"core.metrics_authentication", "0"}});
  REQUIRE(stored);
  CHECK(*stored == StringMap{{"core.https_address", "[::]:8443"}, {"core.metrics_authentication", "false"}, {"user.a", "b"}});
  CHECK(validate_server_config({{"foo", "bar"}}).error().message() == "cannot set 'foo' to 'bar': unknown key");
  CHECK(validate_server_config({{"acme.agree_tos", "x"}, {"zz", "1"}}).error().message() == "cannot set 'acme.agree_tos' to 'x': invalid boolean (and 1 more errors)");
  CHECK_FALSE(validate_server_config({{"core.https_address", "1.2.3.4:99999"}}));
  CHECK_FALSE(validate_server_config({{"core.https_address", "[::1"}}));
  CHECK_FALSE(validate_server_config({{"core.debug_address", ":6060"}}));
  CHECK_FALSE(validate_server_config({{"backups.compression_algorithm", "gzip -c"}}));
  CHECK(validate_server_config({{"backups.compression_algorithm", "gzip -9"}, {"logging.x.target.type", "loki"}}));
  CHECK(server_value({}, "images.auto_update_interval") == "6");
  CHECK(validate_server_config({{"user.größe", "1"}, {"user.中-a_b", "2"}}));
  for (const char* name : {"user.\u237e", "user.a b", "user.a+b", "user.\xff", "user.\xe2\x8d"}) CHECK_FALSE(validate_server_config({{name, "1"}}));
}

TEST_CASE("server config: names of user keys are letters, digits and punctuation", "[config]") {
  CHECK(validate_server_config({{"user.foo_bar-1.x", "y"}, {"user.\u00e9t\u00e9", "y"}, {"user.\u6f22\u5b57", "y"}, {"user.a!#%&*()", "y"}}));
  for (std::string name : {"user.\u237e", "user.a b", "user.a\nb", "user.a+b", "user.\U0001f600", "user.\x80", "user.\xc3"}) {
    INFO(name);
    auto stored = validate_server_config({{name, "foo"}});
    REQUIRE_FALSE(stored);
    CHECK(stored.error().message().ends_with("Invalid key name"));
  }
}

TEST_CASE("server config: keys of missing features are refused, unless they ask for nothing", "[config]") {
  CHECK(validate_server_config({{"oidc.scopes", "openid, offline_access"}, {"oidc.issuer", ""}, {"instances.lxcfs.per_instance", "false"}}));
  CHECK(validate_server_config({{"oidc.issuer", "https://x"}}).error().message() ==
        "cannot set 'oidc.issuer' to 'https://x': not supported here: logging in through OpenID Connect isn't available: use TLS client certificates");
  for (const char* key : {"core.bgp_address", "network.ovn.northbound_connection", "authorization.scriptlet", "cluster.https_address"})
    CHECK_FALSE(validate_server_config({{key, "10.0.0.1:1"}}));
}

TEST_CASE("project config", "[config]") {
  CHECK(validate_project_config({{"limits.disk.pool.p1", "1GiB"}, {"restricted", "true"}, {"user.x", "y"}}, {"p1"}));
  CHECK(validate_project_config({{"limits.disk.pool.p2", "1GiB"}}, {"p1"}).error().message() == "Invalid project configuration key \"limits.disk.pool.p2\"");
  CHECK_FALSE(validate_project_config({{"restricted", "true"}, {"features.profiles", "false"}}, {}));
  CHECK_FALSE(validate_project_config({{"limits.cpu", "-1"}}, {}));
  CHECK_FALSE(validate_project_name("a_b"));
  CHECK_FALSE(validate_project_name("a/b"));
  CHECK(validate_project_name("foo"));
}

TEST_CASE("restricted certificates stay in their projects", "[auth]") {
  Identity identity{.trusted = true, .projects = {"p"}, .certificate_type = "client"};
  CHECK(identity.check({"instance", "p", "c1"}, "can_edit"));
  CHECK_FALSE(identity.check({"instance", "q", "c1"}, "can_view"));
  CHECK(identity.check({"image", "default", "x"}, "can_view"));
  CHECK_FALSE(identity.check({"image", "default", "x"}, "can_edit"));
  CHECK(identity.check({"server"}, "can_view"));
  CHECK_FALSE(identity.check({"server"}, "can_edit"));
  CHECK_FALSE(identity.check({"project", "", "p"}, "can_edit"));
  CHECK(identity.check({"project", "", "p"}, "can_view"));
  CHECK_FALSE(identity.check({"instance", "p", "c1"}, "can_fly"));
  CHECK_FALSE(Identity{}.check({"server"}, "can_view"));
  CHECK_FALSE(Identity{.trusted = true, .admin = true}.check({"instance"}, "can_fly"));
}
