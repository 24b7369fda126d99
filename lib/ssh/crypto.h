// The cryptography of an SSH connection, on OpenSSL.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ssh {

std::string sha256(std::string_view bytes);

/// An ed25519 key that proves which server this is.
class HostKey {
 public:
  /// Errors: internal.
  static Result<HostKey> generate();
  /// As it is sent: the algorithm's name and the key.
  std::string public_blob() const;
  /// Errors: internal.
  Result<std::string> sign(std::string_view bytes) const;

 private:
  std::shared_ptr<void> key_;
};

/// One side of a curve25519 key exchange.
struct KeyAgreement {
  std::string public_key;     ///< ours, 32 bytes
  std::string shared_secret;  ///< big-endian
};
/// Errors: invalid (the peer's key), internal.
Result<KeyAgreement> agree(std::string_view peer_public_key);

/// aes-ctr in one direction, and the code that authenticates each packet.
class PacketCipher {
 public:
  static constexpr size_t kMacSize = 32, kBlock = 16;
  /// `key` of 16 or 32 bytes. Errors: internal.
  static Result<std::unique_ptr<PacketCipher>> make(std::string_view key, std::string_view iv, std::string_view mac_key);
  ~PacketCipher();
  /// Encrypts or decrypts (the same in counter mode) in place.
  void apply(char* bytes, size_t count);
  std::string mac(uint32_t sequence, std::string_view packet) const;

 private:
  PacketCipher() = default;
  void* context_ = nullptr;
  std::string mac_key_;
};

bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ssh
