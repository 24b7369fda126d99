// Trusted certificates in memory, and who a peer is (wire.md, section 7). Filled by the daemon from the database after each change.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "api/types/certificate.h"
#include "core/auth.h"
#include "http/message.h"

namespace core {

/// A certificate authority whose signature client certificates need (server.ca, ca.crl).
struct Authority {
  std::string ca_pem;  ///< empty: any certificate may be trusted
  std::string crl_pem;
  bool trust_all = false;  ///< core.trust_ca_certificates: its signature is enough
};

/// Thread-safe; authenticating never blocks.
class TrustStore {
 public:
  void set(std::vector<api::Certificate> certificates);
  void set_authority(Authority authority);
  std::vector<api::Certificate> all() const;
  /// The peer of `request`; an untrusted one is no error. Metrics certificates count for /1.0/metrics only.
  Identity authenticate(const http::Request& request) const;
  /// May this certificate be added at all? In PKI mode the authority must have signed it.
  bool acceptable(const std::string& pem, const std::string& fingerprint) const;

 private:
  struct State {
    std::vector<api::Certificate> certificates;
    Authority authority;
    bool has_authority() const { return !authority.ca_pem.empty(); }
  };
  enum class Signature { none, valid, revoked };
  std::shared_ptr<const State> state() const;
  /// Verifying costs much more than looking up: each certificate is verified once.
  Signature signature_of(const State& state, const std::string& pem, const std::string& fingerprint) const;
  const api::Certificate* token_subject(const State& state, const http::Request& request) const;

  mutable std::mutex mutex_;
  std::shared_ptr<const State> state_ = std::make_shared<const State>();
  mutable std::map<std::string, Signature> signatures_;
};

}  // namespace core
