// Literals of strings and bytes: r, b and rb in front, one or three quotes, escapes.
#include <algorithm>
#include <format>

#include "base/strings.h"
#include "starlark/scanner.h"
#include "starlark/text.h"

namespace starlark {

bool Scanner::begins_string() const {
  size_t quote = 0;
  if (peek() == 'r') quote = 1;
  if (peek() == 'b') quote = peek(1) == 'r' ? 2 : 1;
  if (peek() == 'r' && peek(1) == 'b') quote = 2;
  return peek(quote) == '"' || peek(quote) == '\'';
}

Token Scanner::scan_string() {
  bool raw = false, bytes = false;
  for (; peek() == 'r' || peek() == 'b'; step()) (peek() == 'r' ? raw : bytes) = true;
  char quote = peek();
  bool triple = peek(1) == quote && peek(2) == quote;
  size_t marks = triple ? 3 : 1, body = at_ + marks, found = 0;
  for (size_t i = 0; i < marks; i++) step();
  while (found < marks) {
    if (at_end()) {
      fail(start_, "unexpected EOF in string");
      return Token::kEof;
    }
    char c = peek();
    step();
    found = c == quote ? found + 1 : 0;
    if (c == '\n' && !triple) {
      fail(start_, "unexpected newline in string");
      return Token::kEof;
    }
    if (c != '\\') continue;
    if (at_end()) {
      fail(start_, "unexpected EOF in string");
      return Token::kEof;
    }
    step();
  }
  finish(Token::kString);
  text_.clear();
  if (!unquote(source_.substr(body, at_ - marks - body), raw, bytes)) return Token::kEof;
  return bytes ? Token::kBytes : Token::kString;
}

bool Scanner::unquote(std::string_view body, bool raw, bool bytes) {
  while (!body.empty()) {
    size_t plain = raw ? body.size() : std::min(body.find('\\'), body.size());
    text_ += body.substr(0, plain);
    body.remove_prefix(plain);
    if (!body.empty() && !unescape(body, bytes)) return false;
  }
  return true;
}

/// Takes one escape off the front of `body`, which begins with a backslash and has something behind it.
bool Scanner::unescape(std::string_view& body, bool bytes) {
  constexpr std::string_view kFrom = "abfnrtv\\'\"", kTo = "\a\b\f\n\r\t\v\\'\"";
  char c = body[1];
  if (c >= '0' && c <= '7') return unescape_octal(body, bytes);
  if (c == 'x' || c == 'u' || c == 'U') return unescape_hex(body, bytes);
  size_t known = kFrom.find(c);
  if (known == std::string_view::npos && c != '\n') {
    fail(start_, std::format("invalid escape sequence \\{}", body.substr(1, decode(body.substr(1)).size)));
    return false;
  }
  if (c != '\n') text_ += kTo[known];
  body.remove_prefix(2);
  return true;
}

bool Scanner::unescape_octal(std::string_view& body, bool bytes) {
  uint32_t value = 0;
  body.remove_prefix(1);
  for (int i = 0; i < 3 && !body.empty() && body[0] >= '0' && body[0] <= '7'; i++, body.remove_prefix(1)) value = value * 8 + static_cast<uint32_t>(body[0] - '0');
  if (!bytes && value > 127) {
    fail(start_, std::format("non-ASCII octal escape \\{:o} (use \\u{:04X} for the UTF-8 encoding of U+{:04X})", value, value, value));
    return false;
  }
  if (value > 255) {
    fail(start_, std::format("invalid escape sequence \\{:03o}", value));
    return false;
  }
  text_ += static_cast<char>(value);
  return true;
}

bool Scanner::unescape_hex(std::string_view& body, bool bytes) {
  size_t size = body[1] == 'x' ? 4 : body[1] == 'u' ? 6 : 10;
  if (body.size() < size) {
    fail(start_, std::format("truncated escape sequence {}", body));
    return false;
  }
  std::string_view escape = body.substr(0, size);
  auto value = parse_uint(escape.substr(2), 16);
  body.remove_prefix(size);
  std::string wrong;
  if (!value) wrong = std::format("invalid escape sequence {}", escape);
  else if (size == 4 && !bytes && *value > 127) wrong = std::format("non-ASCII hex escape {} (use \\u{:04X} for the UTF-8 encoding of U+{:04X})", escape, *value, *value);
  else if (*value > 0x10ffff) wrong = std::format("code point out of range: {} (max \\U0010ffff)", escape);
  else if (size > 4 && *value >= 0xd800 && *value < 0xe000) wrong = std::format("invalid Unicode code point U+{:04X}", *value);
  if (!wrong.empty()) {
    fail(start_, wrong);
    return false;
  }
  if (size == 4) text_ += static_cast<char>(*value);
  else append_code_point(text_, static_cast<uint32_t>(*value));
  return true;
}

}  // namespace starlark
