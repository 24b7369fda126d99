#include "instance/credentials.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("Credentials come from text and base64 keys") {
  auto found = instance::credentials_of({{"systemd.credential.foo", "bar"}, {"systemd.credential-binary.xxx", "eXl5"}, {"systemd.credential-binary.pad", "YmF6========="}, {"user.x", "y"}});
  REQUIRE(found);
  CHECK(*found == StringMap{{"foo", "bar"}, {"xxx", "yyy"}, {"pad", "baz"}});
}

TEST_CASE("Credential names can't leave their folder") {
  for (const char* name : {"../../etc/passwd", "..", ".", "", "a/b"}) CHECK_FALSE(instance::credentials_of({{std::string("systemd.credential.") + name, "x"}}));
  CHECK_FALSE(instance::credentials_of({{"systemd.credential-binary.x", "!!"}}));
}
