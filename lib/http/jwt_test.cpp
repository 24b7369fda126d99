#include "http/jwt.h"

#include <catch2/catch_test_macros.hpp>

using namespace http;

// Made with `openssl req -x509`, and `openssl dgst -sha256 -sign` over the first two parts.
#include "http/jwt_test_data.h"

TEST_CASE("a token signed by a certificate's key verifies with that certificate only") {
  auto token = parse_jwt(kRsaToken);
  REQUIRE(token);
  CHECK(token->subject == "test");
  CHECK(token->not_before == 1700000000);
  CHECK(token->expires == 1700000060);
  CHECK(verify_jwt(*token, kRsaCertificate));
  CHECK_FALSE(verify_jwt(*token, kEcCertificate));
  auto ec = parse_jwt(kEcToken);
  REQUIRE(ec);
  CHECK(verify_jwt(*ec, kEcCertificate));
  CHECK_FALSE(verify_jwt(*ec, kRsaCertificate));
}

TEST_CASE("changed tokens and other algorithms fail") {
  std::string changed(kRsaToken);
  size_t dot = changed.find('.');
  changed[dot + 5] = changed[dot + 5] == 'A' ? 'B' : 'A';
  auto token = parse_jwt(changed);
  CHECK((!token || !verify_jwt(*token, kRsaCertificate)));
  auto none = *parse_jwt(kRsaToken);
  none.algorithm = "none";
  CHECK_FALSE(verify_jwt(none, kRsaCertificate));
  none.algorithm = "HS256";
  CHECK_FALSE(verify_jwt(none, kRsaCertificate));
  for (const char* text : {"", "a.b", "1234567", "...", "e30.e30.", "!.!.!"}) {
    auto parsed = parse_jwt(text);
    CHECK((!parsed || !verify_jwt(*parsed, kRsaCertificate)));
  }
}
