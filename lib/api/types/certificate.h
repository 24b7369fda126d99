// Wire types of the "certificate" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct CertificatePut {
  std::string name;
  std::string type;
  bool restricted = false;
  std::vector<std::string> projects;
  std::string certificate;
  std::string description;
};

struct CertificatesPost : CertificatePut {
  std::string trust_token;
  bool token = false;
};

struct Certificate : CertificatePut {
  std::string fingerprint;
};

struct CertificateAddToken {
  std::string client_name;
  std::string fingerprint;
  std::vector<std::string> addresses;
  std::string secret;
  Timestamp expires_at;
};

API_DECLARE(CertificatePut)
API_DECLARE(CertificatesPost)
API_DECLARE(Certificate)
API_DECLARE(CertificateAddToken)

}  // namespace api
