// The DNS server that hands zones to name servers: SOA and transfers (RFC 1035, RFC 5936), to the peers a zone names.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "network/network.h"

namespace network::zone {

/// One thread; the destructor ends it. Peers with a TSIG key are refused: signatures aren't checked here.
class DnsServer {
 public:
  /// Listens on UDP and TCP at "address:port". Errors: invalid (no such address), internal.
  static Result<std::unique_ptr<DnsServer>> start(Networks& networks, const std::string& listen);
  ~DnsServer();

 private:
  struct Impl;
  explicit DnsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace network::zone
