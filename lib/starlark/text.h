// Code points, quoting and hints for misspelt names.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace starlark {

/// The code point that `text` begins with, and how many bytes it takes. Broken UTF-8: U+FFFD, 1. `text` is not empty.
struct CodePoint {
  uint32_t value;
  size_t size;
};
CodePoint decode(std::string_view text);
/// How many code points (each broken byte is one).
size_t count_code_points(std::string_view text);
void append_code_point(std::string& out, uint32_t value);

/// A letter (beyond ASCII by ranges: what is no sign, space or private code point counts as one).
bool is_letter(uint32_t value);
bool is_space(uint32_t value);
inline bool is_digit(uint32_t value) { return value >= '0' && value <= '9'; }

/// The text as a literal of the language, in double quotes; bytes literals begin with b.
std::string quote_literal(std::string_view text, bool bytes = false);
/// Which of `names` is most like `name` (edit distance, without case and underscores); empty where none is alike by half.
std::string_view nearest(std::string_view name, std::span<const std::string_view> names);
/// " (did you mean X?)" or nothing; `mark` stands before X.
std::string hint(std::string_view name, std::span<const std::string_view> names, std::string_view mark = "");

}  // namespace starlark
