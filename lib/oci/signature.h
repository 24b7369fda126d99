// Signatures of images as cosign keeps them in registries: made with a key pair, stored beside the image under a tag named by its digest.
// (cosign's specs: SIGNATURE_SPEC.md; the payload is Red Hat's "simple signing".) Signatures that need certificates or logs are not looked at.
#pragma once
#include "oci/registry.h"

namespace oci {

/// The PEM blocks "PUBLIC KEY" of a text that may hold others (certificates), joined; empty if there are none.
std::string public_keys_in(std::string_view pem);

/// One signature as it is stored: the payload says what was signed.
struct Signature {
  std::string payload;
  std::string bytes;  ///< of the payload: ECDSA (ASN.1) or RSA (PKCS #1) over SHA-256, or Ed25519
};
/// Whether one of the keys made it, and it is about the manifest `digest`. Errors: invalid (unusable keys).
Result<bool> is_signed(const Signature& signature, const std::string& digest, std::string_view keys);

/// Looks for a good signature of any of the manifests (an image's index, the image itself). Errors: forbidden (none is good), invalid (unusable
/// keys), those of registries. Blocks.
Result<> check_signed(const Context& ctx, Registry& registry, const std::string& repository, const StringList& digests, std::string_view keys);

}  // namespace oci
