#include "http/jwt.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "api/json.h"
#include "base/encode.h"
#include "base/strings.h"
#include "http/openssl.h"

namespace http {
namespace {

std::optional<int64_t> time_claim(const Json& claims, const char* name) {
  auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  return found->get<int64_t>();
}

std::string text_claim(const Json& claims, const char* name) {
  auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Json> decode_part(std::string_view part) {
  auto text = base64_decode(part);
  if (!text) return fail(Code::invalid, "Invalid token");
  Json json = TRY(api::parse_json(*text));
  if (!json.is_object()) return fail(Code::invalid, "Invalid token");
  return json;
}

/// Tokens carry r and s of fixed length; OpenSSL wants them as an ASN.1 sequence. Empty if that makes no sense.
std::string ecdsa_der(std::string_view raw) {
  if (raw.empty() || raw.size() % 2) return "";
  auto bytes = reinterpret_cast<const unsigned char*>(raw.data());
  int half = static_cast<int>(raw.size() / 2);
  std::unique_ptr<ECDSA_SIG, openssl::Free<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes, half, nullptr), BN_bin2bn(bytes + half, half, nullptr));
  unsigned char* out = nullptr;
  int length = i2d_ECDSA_SIG(pair.get(), &out);
  if (length <= 0) return "";
  std::string der(reinterpret_cast<char*>(out), length);
  OPENSSL_free(out);
  return der;
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm.ends_with("256")) return EVP_sha256();
  if (algorithm.ends_with("384")) return EVP_sha384();
  if (algorithm.ends_with("512")) return EVP_sha512();
  return nullptr;
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view token) {
  StringList parts = split(token, '.');
  if (parts.size() != 3) return fail(Code::invalid, "Invalid token");
  Json header = TRY(decode_part(parts[0])), claims = TRY(decode_part(parts[1]));
  auto signature = base64_decode(parts[2]);
  if (!signature) return fail(Code::invalid, "Invalid token");
  return Jwt{.algorithm = text_claim(header, "alg"), .issuer = text_claim(claims, "iss"), .subject = text_claim(claims, "sub"),
             .not_before = time_claim(claims, "nbf"), .expires = time_claim(claims, "exp"),
             .signed_text = parts[0] + "." + parts[1], .signature = std::move(*signature)};
}

bool verify_jwt(const Jwt& token, std::string_view certificate_pem) {
  const EVP_MD* digest = digest_of(token.algorithm);
  auto certificate = openssl::read_certificate(certificate_pem);
  if (!digest || !certificate) return false;
  EVP_PKEY* key = X509_get0_pubkey(certificate->get());
  bool ec = token.algorithm.starts_with("ES"), rsa = token.algorithm.starts_with("RS");
  // The algorithm must be the key's: a token may not choose a weaker one.
  if (!key || EVP_PKEY_get_base_id(key) != (ec ? EVP_PKEY_EC : rsa ? EVP_PKEY_RSA : EVP_PKEY_NONE)) return false;
  std::string signature = ec ? ecdsa_der(token.signature) : token.signature;
  std::unique_ptr<EVP_MD_CTX, openssl::Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(token.signed_text.data()), token.signed_text.size()) == 1;
}

}  // namespace http
