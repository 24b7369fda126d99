// Trusted certificates.
#pragma once
#include "api/types/certificate.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::certificates {

struct Row {
  int64_t id = 0;
  std::string fingerprint;  ///< sha256 of the DER form, hex
  CertificateType type = CertificateType::client;
  std::string name;
  std::string certificate;  ///< PEM
  bool restricted = false;
  std::string description;
  StringList projects;

  api::Certificate to_api() const;
};

/// Two queries.
Result<std::vector<Row>> load_all(Tx& tx);
/// `prefix`: a whole fingerprint or its unambiguous beginning. Errors: not_found "Certificate not found", invalid (several).
Result<Row> load(Tx& tx, const std::string& prefix);
/// Errors: conflict, not_found (project).
Result<int64_t> create(Tx& tx, const Row& row);
Result<> update(Tx& tx, const Row& row);
Result<> remove(Tx& tx, int64_t id);

}  // namespace db::certificates
