// Trusted certificates in memory, and who a peer is (wire.md, section 7). Filled by the daemon from the database after each change.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "api/types/certificate.h"
#include "core/auth.h"
#include "http/message.h"

namespace core {

/// Thread-safe; authenticating never blocks.
class TrustStore {
 public:
  void set(std::vector<api::Certificate> certificates);
  std::vector<api::Certificate> all() const;
  /// The peer of `request`; an untrusted one is no error. Metrics certificates count for /1.0/metrics only.
  Identity authenticate(const http::Request& request) const;

 private:
  using List = std::vector<api::Certificate>;
  std::shared_ptr<const List> list() const;
  mutable std::mutex mutex_;
  std::shared_ptr<const List> certificates_ = std::make_shared<const List>();
};

}  // namespace core
