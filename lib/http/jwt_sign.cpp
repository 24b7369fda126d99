// Making tokens: the counterpart of jwt.cpp.
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "base/encode.h"
#include "base/strings.h"
#include "http/jwt.h"
#include "http/openssl.h"

namespace http {
namespace {

/// Base64 as RFC 7515 has it: URL-safe, without padding.
std::string encode_part(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  return replace_all(replace_all(text, "+", "-"), "/", "_");
}

/// An ASN.1 signature as r and s of `half` bytes each. Empty if it is none.
std::string ecdsa_raw(std::string_view der, int half) {
  auto bytes = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<ECDSA_SIG, openssl::Free<ECDSA_SIG_free>> pair(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  if (!pair) return "";
  std::string raw(2 * half, '\0');
  auto out = reinterpret_cast<unsigned char*>(raw.data());
  bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, half) == half && BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + half, half) == half;
  return fits ? raw : "";
}

Result<std::string> sign(EVP_PKEY* key, const EVP_MD* digest, std::string_view text) {
  std::unique_ptr<EVP_MD_CTX, openssl::Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  auto data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  bool ready = EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) == 1 && EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1;
  std::string signature(size, '\0');
  if (!ready || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size()) != 1) {
    return openssl::fail_ssl(Code::internal, "Failed signing the token");
  }
  signature.resize(size);
  return signature;
}

}  // namespace

Result<std::string> sign_jwt(std::string_view claims, std::string_view key_pem) {
  auto key = TRY(openssl::read_key(key_pem));
  bool ec = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC && EVP_PKEY_get_bits(key.get()) == 384;
  bool rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  if (!ec && !rsa) return fail(Code::invalid, "Unable to sign JWT with available key algorithms");
  std::string text = encode_part(std::format(R"({{"alg":"{}","typ":"JWT"}})", ec ? "ES384" : "RS256")) + "." + encode_part(claims);
  std::string signature = TRY(sign(key.get(), ec ? EVP_sha384() : EVP_sha256(), text));
  if (ec) signature = ecdsa_raw(signature, 48);
  if (signature.empty()) return fail(Code::internal, "Failed signing the token");
  return text + "." + encode_part(signature);
}

}  // namespace http
