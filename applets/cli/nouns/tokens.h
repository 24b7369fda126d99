// Tokens: what a new client or cluster member joins with. The server keeps each as an operation of class "token".
#pragma once
#include <string>

#include "applets/cli/call.h"
#include "base/result.h"
#include "base/timestamp.h"

namespace cli {

enum class TokenKind { certificate, cluster };

struct Token {
  std::string name;      ///< of the client or member
  std::string text;      ///< base64 of `document`
  std::string expires_at;
  Json document;
};

/// The token of an operation. Errors: invalid (it is no such token).
Result<Token> token_of(const Json& operation, TokenKind kind = TokenKind::certificate);
/// Lists the tokens not used yet.
Result<> print_tokens(Call& call, TokenKind kind);
/// Deletes the token of `name`. Errors: not_found with `missing`.
Result<> revoke(Call& call, TokenKind kind, const std::string& name, const std::string& missing);
/// Filters for the server: a bare word is a pattern or the start of a name.
std::string pattern_filter(const StringList& filters);

}  // namespace cli
