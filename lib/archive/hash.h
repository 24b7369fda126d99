// SHA-256 over bytes that arrive piece by piece: image fingerprints, ETags, certificates.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archive {

/// A running SHA-256. Not thread-safe; movable.
class Hash {
 public:
  Hash();
  Hash(Hash&&) noexcept;
  Hash& operator=(Hash&&) noexcept;
  ~Hash();

  void update(std::string_view bytes);
  /// The digest in lower-case hex (64 characters). Ends the hash: no update() after it.
  std::string hex();

 private:
  void* state_;  ///< EVP_MD_CTX
};

/// Adds the whole file to `hash`, and to `another`, if given; its own offset stays where it is. Returns its bytes. Errors: internal. Blocks.
Result<int64_t> hash_file(int fd, Hash& hash, Hash* another = nullptr);

/// The whole of `bytes` at once, 32 raw bytes and 64 hex characters.
std::string sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// By OpenSSL's name ("sha384"), raw. Errors: invalid (no such digest).
Result<std::string> digest(const std::string& name, std::string_view bytes);

}  // namespace archive
