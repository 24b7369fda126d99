#include "applets/cli/lowlevel/signature_file.h"

#include <catch2/catch_test_macros.hpp>

#include "http/certificate.h"

using namespace cli;

TEST_CASE("Signatures are read from PEM and DER", "[cli]") {
  std::string first = http::generate_certificate(http::CertificateUse::server, {}, http::Curve::p256)->certificate_pem;
  std::string second = http::generate_certificate(http::CertificateUse::server, {}, http::Curve::p256)->certificate_pem;
  std::string der = http::pem_to_der(first).value();
  std::string digest = http::to_pem_block("SIGNATURE", std::string(48, 'x'));
  auto all = read_signatures(first + digest + second, true);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].data == der);
  CHECK((*all)[1].type == "sha384");
  CHECK((*all)[1].data == std::string(48, 'x'));
  CHECK((*all)[2].type == "x509");
  CHECK(read_signatures(first + second, false)->size() == 1);
  CHECK(read_signatures(der + http::pem_to_der(second).value(), true)->size() == 2);
  CHECK(read_signatures(der, false)->front().data == der);
}

TEST_CASE("Files without signatures are refused", "[cli]") {
  std::string digest = http::to_pem_block("SIGNATURE", std::string(32, 'x'));
  CHECK_FALSE(read_signatures(digest, false));
  CHECK(read_signatures(digest, true));
  for (const std::string& bad : {std::string(), std::string("hello"), std::string("\x30\x84\xff\xff\xff\xff", 6), http::to_pem_block("SIGNATURE", "odd"), http::to_pem_block("CERTIFICATE", "none")}) {
    INFO(bad);
    CHECK_FALSE(read_signatures(bad, true));
  }
}
