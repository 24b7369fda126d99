// Files with certificates and digests for Secure Boot: PEM (digests as SIGNATURE blocks) or DER.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cli {

struct Signature {
  std::string type, data;  ///< "x509" and DER, "sha256" and the digest
};

/// All of them, or the first certificate alone (of a chain). Says which PEM blocks it does not use.
/// Errors: invalid (neither PEM nor DER, a digest without `bundle` or of unknown length, none).
Result<std::vector<Signature>> read_signatures(std::string_view content, bool bundle);

}  // namespace cli
