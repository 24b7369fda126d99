#include "http/certificate.h"

#include <catch2/catch_test_macros.hpp>

using namespace http;

TEST_CASE("generated certificates carry what the API promises") {
  auto pair = generate_certificate(CertificateUse::server, {"box.example", "192.0.2.7", "fd42::1"});
  REQUIRE(pair);
  CHECK(pair->key_pem.starts_with("-----BEGIN EC PRIVATE KEY-----"));
  auto info = parse_certificate(pair->certificate_pem);
  REQUIRE(info);
  CHECK(info->common_name.contains('@'));
  CHECK(info->subject.contains("O=Linux Containers"));
  CHECK(info->dns_names == StringList{"box.example"});
  CHECK(info->addresses == StringList{"192.0.2.7", "fd42::1"});
  CHECK(info->not_after.seconds - info->not_before.seconds == 10L * 365 * 24 * 3600);
  CHECK(info->fingerprint.size() == 64);
  CHECK(info->fingerprint == certificate_fingerprint(pair->certificate_pem));
  CHECK_FALSE(info->is_ca);
  CHECK(der_to_pem(*pem_to_der(pair->certificate_pem)) == pair->certificate_pem);
}

TEST_CASE("a server without names is \"unspecified\", a client has none") {
  CHECK(parse_certificate(generate_certificate(CertificateUse::server)->certificate_pem)->dns_names == StringList{"unspecified"});
  CHECK(parse_certificate(generate_certificate(CertificateUse::client)->certificate_pem)->dns_names.empty());
}

TEST_CASE("damaged certificates are refused") {
  for (std::string_view text : {"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    auto fingerprint = certificate_fingerprint(text);
    REQUIRE_FALSE(fingerprint);
    CHECK(fingerprint.error().code() == Code::invalid);
  }
}

TEST_CASE("a self-signed certificate verifies against itself only") {
  auto one = generate_certificate(CertificateUse::client);
  auto two = generate_certificate(CertificateUse::client);
  CHECK(is_signed_by(one->certificate_pem, one->certificate_pem) == true);
  CHECK(is_signed_by(one->certificate_pem, two->certificate_pem) == false);
}
