// X.509 certificates as the API uses them: self-signed EC P-384 identities, fingerprints and the fields shown to users.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"
#include "base/timestamp.h"

namespace http {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateInfo {
  std::string subject;      ///< "CN=root@host,O=Linux Containers"
  std::string issuer;
  std::string common_name;
  StringList dns_names;
  StringList addresses;
  Timestamp not_before;
  Timestamp not_after;
  std::string fingerprint;  ///< hex SHA-256 of the DER form
  bool is_ca = false;
};

enum class CertificateUse { client, server };

/// P-384 for identities that stay; P-256, five times faster to make and to use, for pairs that two programs share.
enum class Curve { p384, p256 };

/// A new self-signed EC certificate, valid for ten years from now, subject "<user>@<host>". `hosts` become its alternative names
/// (addresses or host names); a server without any gets "unspecified". Takes about 1 ms.
Result<KeyPair> generate_certificate(CertificateUse use, const StringList& hosts = {}, Curve curve = Curve::p384);
/// The pair in these two files; where neither exists it is generated and written (key mode 0600). Errors: invalid for a damaged file.
Result<KeyPair> load_or_generate(const std::string& certificate_path, const std::string& key_path, CertificateUse use, const StringList& hosts = {});
/// Host name and the addresses of this machine's interfaces: alternative names for a server certificate.
StringList local_host_names();

/// Errors of these: invalid ("Invalid certificate").
Result<std::string> pem_to_der(std::string_view pem);
std::string der_to_pem(std::string_view der);
/// Certificates that follow each other. Errors: invalid.
Result<StringList> split_der(std::string_view der);
struct PemBlock {
  std::string name, bytes;  ///< "CERTIFICATE", …
};
/// What stands between lines "-----BEGIN NAME-----" and "-----END NAME-----"; other text is skipped.
std::vector<PemBlock> pem_blocks(std::string_view text);
std::string to_pem_block(const std::string& name, std::string_view bytes);
Result<std::string> certificate_fingerprint(std::string_view pem);
Result<CertificateInfo> parse_certificate(std::string_view pem);
/// Whether `pem` was signed by one of the CA certificates in `ca_pem`, and is not in `crl_pem` (may be empty).
Result<bool> is_signed_by(std::string_view pem, std::string_view ca_pem, std::string_view crl_pem = "");

}  // namespace http
