#include "archive/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "archive/stream.h"
#include "base/encode.h"

namespace archive {

namespace {

EVP_MD_CTX* context(void* state) { return static_cast<EVP_MD_CTX*>(state); }

}  // namespace

// Failures here can only be out-of-memory: there is nothing a caller could do better than end.
Hash::Hash() : state_(EVP_MD_CTX_new()) {
  if (!state_ || EVP_DigestInit_ex(context(state_), EVP_sha256(), nullptr) != 1) std::abort();
}

Hash::Hash(Hash&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Hash& Hash::operator=(Hash&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Hash::~Hash() { EVP_MD_CTX_free(context(state_)); }

void Hash::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context(state_), bytes.data(), bytes.size()) != 1) std::abort();
}

std::string Hash::hex() {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  if (EVP_DigestFinal_ex(context(state_), reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1) std::abort();
  return hex_encode(digest);
}

Result<int64_t> hash_file(int fd, Hash& hash, Hash* another) {
  std::vector<char> buffer(256 << 10);
  Source source = source_from_file(fd);
  int64_t total = 0;
  while (size_t got = TRY(source(buffer))) {
    for (Hash* each : {&hash, another})
      if (each) each->update({buffer.data(), got});
    total += static_cast<int64_t>(got);
  }
  return total;
}

std::string sha256(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }

Result<std::string> digest(const std::string& name, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const EVP_MD* kind = EVP_get_digestbyname(name.c_str());
  if (!kind || EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, kind, nullptr) != 1)
    return fail(Code::invalid, "Unknown digest {}", name);
  out.resize(size);
  return out;
}

}  // namespace archive
