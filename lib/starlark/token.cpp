#include "starlark/token.h"

#include <algorithm>
#include <iterator>

namespace starlark {
namespace {

constexpr std::string_view kNames[] = {
    "end of file", "newline", "indent", "outdent", "identifier", "int literal", "float literal", "string literal", "bytes literal",
    "+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>", "~", ".", ",", "=", ";",
    ":", "(", ")", "[", "]", "{", "}", "<", ">", ">=", "<=", "==", "!=",
    "+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^=", "<<=",
    ">>=", "**",
    "and", "break", "continue", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "not in", "or", "pass", "return", "while",
};
static_assert(std::size(kNames) == static_cast<size_t>(Token::kReserved));

constexpr std::string_view kReservedWords[] = {"as",   "async",  "await", "class",    "del",   "except", "finally", "from",
                                               "global", "import", "is",    "nonlocal", "raise", "try",    "with",    "yield"};

}  // namespace

std::string_view token_name(Token token) { return token == Token::kReserved ? "reserved word" : kNames[static_cast<size_t>(token)]; }

std::string describe(Token token, std::string_view raw) {
  if (token == Token::kReserved) return std::string(raw);
  std::string name(token_name(token));
  return token >= Token::kPlus && token <= Token::kStarStar ? "'" + name + "'" : name;
}

Token word_token(std::string_view word) {
  for (size_t i = static_cast<size_t>(Token::kAnd); i < std::size(kNames); i++)
    if (kNames[i] == word) return static_cast<Token>(i);
  return std::ranges::find(kReservedWords, word) != std::end(kReservedWords) ? Token::kReserved : Token::kIdent;
}

}  // namespace starlark
