// Words of the language and where they stand in a program.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace starlark {

/// Line and column (in code points), both counted from 1.
struct Pos {
  uint32_t line = 1, column = 1;
};

/// The order is that of the names in token.cpp; kPlus to kStarStar are signs, what follows are words.
enum class Token : uint8_t {
  kEof, kNewline, kIndent, kOutdent, kIdent, kInt, kFloat, kString, kBytes,
  kPlus, kMinus, kStar, kSlash, kSlashSlash, kPercent, kAmp, kPipe, kCaret, kLessLess, kGreaterGreater, kTilde, kDot, kComma, kAssign, kSemi,
  kColon, kLeftParen, kRightParen, kLeftBracket, kRightBracket, kLeftBrace, kRightBrace, kLess, kGreater, kGreaterEq, kLessEq, kEqual, kNotEqual,
  kPlusAssign, kMinusAssign, kStarAssign, kSlashAssign, kSlashSlashAssign, kPercentAssign, kAmpAssign, kPipeAssign, kCaretAssign, kLessLessAssign,
  kGreaterGreaterAssign, kStarStar,
  kAnd, kBreak, kContinue, kDef, kElif, kElse, kFor, kIf, kIn, kLambda, kLoad, kNot, kNotIn, kOr, kPass, kReturn, kWhile,
  kReserved,  ///< a word that is kept for later versions of the language
};

/// As operators are called in messages: "+", "not in".
std::string_view token_name(Token token);
/// As syntax errors call a token: signs in single quotes. `raw` is what a reserved word is.
std::string describe(Token token, std::string_view raw);
/// The token that `word` is: a keyword, kReserved, or kIdent.
Token word_token(std::string_view word);

}  // namespace starlark
