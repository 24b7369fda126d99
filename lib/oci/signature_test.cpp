#include "oci/signature.h"

#include <catch2/catch_test_macros.hpp>

#include "base/encode.h"

namespace {

constexpr const char* kDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr const char* kPayload = R"({"critical":{"image":{"docker-manifest-digest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},)"
                                 R"("type":"cosign container image signature"}})";
constexpr const char* kEcdsaKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwn0ltPRqScezPh7u3qi5MHIoCuNy
HJa8JjjdTkO9SEIBsxZqc2bsIgLWUexinWcL8eAPhUGBn6fDewi6uPxyUg==
-----END PUBLIC KEY-----
)";
constexpr const char* kEcdsa = "MEUCIQDvT90Zh1a77LwE8dclMAlqz6+0vAg3TO0YUl2B6DR7mgIgPsGV2HJPu4jKIo2tz9usVITr7i9TrzZT6Lh5O8rZoPA=";
constexpr const char* kEd25519Key = R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAI+rjbZQEyu5YOyzBCsp9AzzMghkaXblVUjRP8Km62+k=
-----END PUBLIC KEY-----
)";
constexpr const char* kEd25519 = "JF4y+pmo/vgCdI/prnOqUPMzEGONUhA/Ig//wqV3+crty1B3bIzzYdbnmDUCJYmDs08zDVwu1Zwu735IKcWgDg==";

bool good(const std::string& payload, const char* signature, const std::string& digest, const std::string& keys) {
  auto judged = oci::is_signed({.payload = payload, .bytes = *base64_decode(signature)}, digest, keys);
  return judged && *judged;
}

}  // namespace

TEST_CASE("signatures of images") {
  const std::string both = std::string(kEd25519Key) + kEcdsaKey;
  CHECK(good(kPayload, kEcdsa, kDigest, kEcdsaKey));
  CHECK(good(kPayload, kEcdsa, kDigest, both));
  CHECK(good(kPayload, kEd25519, kDigest, both));
  CHECK_FALSE(good(kPayload, kEcdsa, kDigest, kEd25519Key));
  CHECK_FALSE(good(kPayload, "", kDigest, both));
  // Another image, and a payload that was changed after it was signed.
  CHECK_FALSE(good(kPayload, kEcdsa, "sha256:" + std::string(64, '0'), both));
  CHECK_FALSE(good(std::string(kPayload) + " ", kEcdsa, kDigest, both));
  CHECK_FALSE(oci::is_signed({kPayload, "x"}, kDigest, "no key"));
}

TEST_CASE("public keys among other things") {
  CHECK(oci::public_keys_in(std::string("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n") + kEcdsaKey) == kEcdsaKey);
  CHECK(oci::public_keys_in("-----BEGIN PUBLIC KEY-----\nunfinished") == "");
  CHECK(oci::public_keys_in("") == "");
}
