// Signatures of DNS messages with a shared key: TSIG (RFC 8945). A zone's peer signs queries, and gets signed answers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace network::zone {

/// What a message's signature record says.
struct Tsig {
  std::string name;       ///< of the key; lower case, without the last dot
  std::string algorithm;  ///< "hmac-sha256"
  uint64_t time = 0;      ///< seconds since the epoch
  int fudge = 0;          ///< seconds that clocks may differ
  std::string mac;
  int original_id = 0;
  size_t start = 0;       ///< where the record begins in the message
};

/// The signature at the end of `packet`; nothing without one, or if it is damaged.
std::optional<Tsig> find_tsig(const std::string& packet);
/// Was `packet` signed with `key` (base64), about `now`?
bool verify_tsig(const std::string& packet, const Tsig& tsig, const std::string& key, uint64_t now);
/// `message` with a signature under the same key: of a query (no `request`), or of the answer to `request`.
std::string sign_tsig(const std::string& message, const Tsig& parameters, const std::string& key, uint64_t now, const Tsig* request);

}  // namespace network::zone
