#include "oci/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/encode.h"
#include "oci/json_member.h"

namespace oci {

namespace {

constexpr std::string_view kPayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr const char* kAnnotation = "dev.cosignproject.cosign/signature";
constexpr std::string_view kClaim = "cosign container image signature";
constexpr size_t kMaxSignatures = 64, kMaxKeys = 16;
constexpr int64_t kMaxPayload = 64 << 10;  ///< bytes

template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const { F(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Result<std::vector<KeyPtr>> read_keys(std::string_view pem) {
  std::unique_ptr<BIO, Free<BIO_free_all>> input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<KeyPtr> keys;
  while (EVP_PKEY* key = PEM_read_bio_PUBKEY(input.get(), nullptr, nullptr, nullptr)) {
    keys.emplace_back(key);
    if (keys.size() > kMaxKeys) return fail(Code::invalid, "An image server has more than {} keys", kMaxKeys);
  }
  if (keys.empty()) return fail(Code::invalid, "The keys for the images' signatures are unusable: public keys in PEM are expected");
  return keys;
}

/// The key decides how it signs; the signature has no say in it.
bool verifies(EVP_PKEY* key, std::string_view signature, std::string_view signed_text) {
  const EVP_MD* digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_text), signed_text.size()) == 1;
}

bool is_about(std::string_view payload, const std::string& digest) {
  auto claims = api::parse_json(payload);
  if (!claims) return false;
  const Json& critical = member(*claims, "critical");
  return text(critical, "type") == kClaim && text(member(critical, "image"), "docker-manifest-digest") == digest;
}

bool is_signed_by(const std::vector<KeyPtr>& keys, const Signature& signature, const std::string& digest) {
  for (const KeyPtr& key : keys)
    if (verifies(key.get(), signature.bytes, signature.payload)) return is_about(signature.payload, digest);
  return false;
}

/// The signatures stored for a manifest, whoever made them.
Result<std::vector<Signature>> load(const Context& ctx, Registry& registry, const std::string& repository, const std::string& digest) {
  std::vector<Signature> out;
  auto document = registry.manifest(ctx, repository, "sha256-" + digest_hex(digest) + ".sig");
  if (!document && document.error().code() == Code::not_found) return out;
  if (!document) return Failure(document.error());
  Json manifest = TRY(api::parse_json(document->text));
  const Json& layers = member(manifest, "layers");
  if (!layers.is_array()) return out;
  for (const Json& layer : layers) {
    Descriptor blob{text(layer, "mediaType"), text(layer, "digest"), number(layer, "size", -1)};
    auto signature = base64_decode(text(member(layer, "annotations"), kAnnotation));
    if (blob.media_type != kPayloadType || !is_digest(blob.digest) || blob.size <= 0 || blob.size > kMaxPayload || !signature) continue;
    if (out.size() == kMaxSignatures) break;
    out.push_back({TRY(registry.small_blob(ctx, repository, blob)), std::move(*signature)});
  }
  return out;
}

}  // namespace

std::string public_keys_in(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----", kEnd = "-----END PUBLIC KEY-----";
  std::string out;
  for (size_t begin = pem.find(kBegin); begin != pem.npos; begin = pem.find(kBegin, begin + 1)) {
    size_t end = pem.find(kEnd, begin);
    if (end == pem.npos) break;
    out += pem.substr(begin, end + kEnd.size() - begin);
    out += '\n';
  }
  return out;
}

Result<bool> is_signed(const Signature& signature, const std::string& digest, std::string_view keys) {
  return is_signed_by(TRY(read_keys(keys)), signature, digest);
}

Result<> check_signed(const Context& ctx, Registry& registry, const std::string& repository, const StringList& digests, std::string_view keys) {
  std::vector<KeyPtr> parsed = TRY(read_keys(keys));
  size_t found = 0;
  for (const std::string& digest : digests) {
    for (const Signature& signature : TRY_CTX(load(ctx, registry, repository, digest), "Failed getting the image's signatures")) {
      ++found;
      if (is_signed_by(parsed, signature, digest)) return {};
    }
  }
  return fail(Code::forbidden, "The image {} in {} is not signed with a key of this image server ({} signatures were looked at)", repository, registry.url().name, found);
}

}  // namespace oci
