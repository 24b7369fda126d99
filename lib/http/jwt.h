// JSON web tokens signed with a client certificate's key (RFC 7519, RFC 7518): reading, verifying and making them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace http {

struct Jwt {
  std::string algorithm;  ///< "ES384", "RS256", …
  std::string issuer;
  std::string subject;
  std::optional<int64_t> not_before;  ///< seconds since the epoch
  std::optional<int64_t> expires;
  std::string signed_text;
  std::string signature;  ///< raw bytes
};

/// Reads without verifying. Errors: invalid.
Result<Jwt> parse_jwt(std::string_view token);
/// Was the token signed by the key of `certificate_pem`?
bool verify_jwt(const Jwt& token, std::string_view certificate_pem);
/// A token of these claims (a JSON object), signed with ES384 or RS256 as the key is. Errors: invalid (another kind of key), internal.
Result<std::string> sign_jwt(std::string_view claims, std::string_view key_pem);

}  // namespace http
