#include "starlark/scanner.h"

#include <cmath>
#include <format>

#include "base/strings.h"
#include "starlark/text.h"

namespace starlark {
namespace {

/// Longest first, so that the first match is the token.
constexpr Token kSigns[] = {
    Token::kSlashSlashAssign, Token::kLessLessAssign, Token::kGreaterGreaterAssign, Token::kSlashSlash, Token::kLessLess, Token::kGreaterGreater,
    Token::kGreaterEq, Token::kLessEq, Token::kEqual, Token::kNotEqual, Token::kPlusAssign, Token::kMinusAssign, Token::kStarAssign, Token::kSlashAssign,
    Token::kPercentAssign, Token::kAmpAssign, Token::kPipeAssign, Token::kCaretAssign, Token::kStarStar, Token::kPlus, Token::kMinus, Token::kStar,
    Token::kSlash, Token::kPercent, Token::kAmp, Token::kPipe, Token::kCaret, Token::kTilde, Token::kDot, Token::kComma, Token::kAssign, Token::kSemi,
    Token::kColon, Token::kLeftParen, Token::kRightParen, Token::kLeftBracket, Token::kRightBracket, Token::kLeftBrace, Token::kRightBrace,
    Token::kLess, Token::kGreater};

bool is_base_digit(char c, int base) {
  if (base == 16) return is_digit(static_cast<uint8_t>(c)) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
  return c >= '0' && c < '0' + base;
}

}  // namespace

void Scanner::fail(Pos pos, std::string message) {
  if (!error_) error_ = std::format("{}:{}: {}", pos.line, pos.column, message);
  at_ = source_.size();
  indents_.resize(1);
  dents_ = 0;
}

void Scanner::step() {
  if (at_end()) return;
  CodePoint c = decode(source_.substr(at_));
  at_ += c.size;
  if (c.value == '\n') {
    here_.line++;
    here_.column = 1;
  } else {
    here_.column++;
  }
}

/// At the start of a line: notes how many indent or outdent tokens are due. False on an outdent to nowhere.
bool Scanner::measure_indentation() {
  line_start_ = false;
  uint32_t column = 0;
  for (; peek() == ' ' || peek() == '\t'; step()) column += peek() == ' ' ? 1 : 8 - (here_.column - 1) % 8;
  blank_ = peek() == '#' || peek() == '\n' || at_end();
  if (blank_ || depth_ > 0) return true;
  if (column > indents_.back()) {
    dents_++;
    indents_.push_back(column);
  }
  for (; column < indents_.back(); dents_--) indents_.pop_back();
  if (column == indents_.back()) return true;
  fail(here_, "unindent does not match any outer indentation level");
  return false;
}

/// Skips spaces, comments and line ends that mean nothing. False where a backslash ends no line.
bool Scanner::skip_blanks() {
  for (;;) {
    if (peek() == ' ' || peek() == '\t') {
      step();
    } else if (peek() == '#') {
      while (!at_end() && peek() != '\n') step();
    } else if (peek() == '\\') {
      step();
      if (peek() != '\n') {
        fail(here_, "stray backslash in program");
        return false;
      }
      step();
    } else {
      return true;
    }
  }
}

Token Scanner::finish(Token token) {
  raw_ = source_.substr(begin_, at_ - begin_);
  return token;
}

Token Scanner::end_of_file() {
  if (indents_.size() <= 1) return finish(Token::kEof);
  if (!was_line_start_) {
    line_start_ = true;
    return finish(Token::kNewline);
  }
  dents_ = 1 - static_cast<int>(indents_.size());
  indents_.resize(1);
  dents_++;
  return finish(Token::kOutdent);
}

Token Scanner::next() {
  for (;;) {
    blank_ = false;
    was_line_start_ = line_start_;
    if (line_start_ && !measure_indentation()) return Token::kEof;
    start_ = here_;
    begin_ = at_;
    if (dents_ != 0) {
      bool out = dents_ < 0;
      dents_ += out ? 1 : -1;
      return finish(out ? Token::kOutdent : Token::kIndent);
    }
    if (!skip_blanks()) return Token::kEof;
    start_ = here_;
    begin_ = at_;
    if (at_end()) return end_of_file();
    if (peek() != '\n') break;
    step();
    line_start_ = true;
    if (depth_ == 0 && !blank_) return finish(Token::kNewline);
  }
  if (begins_string()) return scan_string();
  if (is_digit(static_cast<uint8_t>(peek())) || (peek() == '.' && is_digit(static_cast<uint8_t>(peek(1))))) return scan_number();
  if (peek() == '_' || is_letter(decode(source_.substr(at_)).value)) return scan_word();
  return scan_sign();
}

Token Scanner::scan_word() {
  while (!at_end()) {
    uint32_t c = decode(source_.substr(at_)).value;
    if (c != '_' && !is_digit(c) && !is_letter(c)) break;
    step();
  }
  finish(Token::kIdent);
  return word_token(raw_);
}

Token Scanner::scan_sign() {
  for (Token token : kSigns) {
    std::string_view name = token_name(token);
    if (!source_.substr(at_).starts_with(name)) continue;
    bool open = token == Token::kLeftParen || token == Token::kLeftBracket || token == Token::kLeftBrace;
    bool close = token == Token::kRightParen || token == Token::kRightBracket || token == Token::kRightBrace;
    if (close && depth_ == 0) {
      fail(here_, std::format("unexpected '{}'", name));
      return Token::kEof;
    }
    depth_ += open;
    depth_ -= close;
    for (size_t i = 0; i < name.size(); i++) step();
    return finish(token);
  }
  std::string c(source_.substr(at_, decode(source_.substr(at_)).size));
  std::string text = quote_literal(c);
  fail(here_, std::format("unexpected input character '{}'", text.substr(1, text.size() - 2)));
  return Token::kEof;
}

void Scanner::skip_digits(int base) {
  while (is_base_digit(peek(), base)) step();
}

Token Scanner::scan_number() {
  struct Prefix {
    char letter;
    int base;
    std::string_view name;
  };
  constexpr Prefix kPrefixes[] = {{'x', 16, "hex"}, {'o', 8, "octal"}, {'b', 2, "binary"}};
  if (peek() == '0')
    for (const Prefix& prefix : kPrefixes) {
      if ((peek(1) | 0x20) != prefix.letter) continue;
      step();
      step();
      if (!is_base_digit(peek(), prefix.base)) {
        fail(prefix.base == 16 ? start_ : here_, std::format("invalid {} literal", prefix.name));
        return Token::kEof;
      }
      skip_digits(prefix.base);
      return convert_number(false);
    }
  skip_digits(10);
  bool real = peek() == '.';
  if (real) step();
  skip_digits(10);
  if ((peek() | 0x20) == 'e') {
    real = true;
    step();
    if (peek() == '+' || peek() == '-') step();
    if (!is_base_digit(peek(), 10)) {
      fail(here_, "invalid float literal");
      return Token::kEof;
    }
    skip_digits(10);
  }
  return convert_number(real);
}

Token Scanner::convert_number(bool real) {
  finish(Token::kInt);
  if (real) {
    auto value = parse_double(raw_);
    if (!value || !std::isfinite(*value)) {
      fail(here_, "invalid float literal");
      return Token::kEof;
    }
    real_ = *value;
    return Token::kFloat;
  }
  int base = 10;
  std::string_view digits = raw_;
  if (raw_.size() > 1 && raw_[0] == '0') {
    char letter = static_cast<char>(raw_[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    if (base != 10) {
      digits.remove_prefix(2);
    } else if (raw_.find_first_not_of('0') != std::string_view::npos) {
      bool octal = raw_.find_first_of("89") == std::string_view::npos;
      fail(octal ? here_ : start_, octal ? std::format("obsolete form of octal literal; use 0o{}", raw_.substr(1)) : "invalid int literal");
      return Token::kEof;
    }
  }
  auto value = parse_int(digits, base);
  if (!value) {
    fail(start_, std::format("int literal {} does not fit in 64 bits", raw_.substr(0, 40)));
    return Token::kEof;
  }
  integer_ = *value;
  return Token::kInt;
}

}  // namespace starlark
