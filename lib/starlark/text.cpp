#include "starlark/text.h"

#include <algorithm>
#include <format>
#include <numeric>
#include <vector>

#include "base/strings.h"

namespace starlark {
namespace {

struct Range {
  uint32_t first, last;
};
/// Code points from U+0080 that are no letters: controls, signs, spaces, private ones, symbols.
constexpr Range kNoLetters[] = {{0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},       {0xf7, 0xf7},
                                {0x2000, 0x207e}, {0x2080, 0x208f}, {0x20a0, 0x2101}, {0x2190, 0x2bff}, {0x3000, 0x3004},   {0xd800, 0xf8ff},
                                {0xff00, 0xff20}, {0xfff0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff}};
constexpr uint32_t kSpaces[] = {' ', '\t', '\n', '\v', '\f', '\r', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = i - 1;
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      size_t best = std::min({diagonal + (a[i - 1] != b[j - 1]), row[j - 1] + 1, row[j] + 1});
      diagonal = std::exchange(row[j], best);
    }
  }
  return row.back();
}

std::string fold(std::string_view name) { return replace_all(to_lower(name), "_", ""); }

void append_escape(std::string& out, uint32_t value) {
  constexpr std::string_view kLetters = "abtnvfr";  // 7 to 13
  if (value >= 7 && value <= 13) {
    out += '\\';
    out += kLetters[value - 7];
  } else if (value < 0x80) {
    out += std::format("\\x{:02x}", value);
  } else {
    out += value < 0x10000 ? std::format("\\u{:04x}", value) : std::format("\\U{:08x}", value);
  }
}

bool is_printable(uint32_t value) {
  if (value < 0x80) return value >= ' ' && value < 0x7f;
  return value >= 0xa1 && value != 0xad && !is_space(value) && value != 0xfeff && !(value >= 0x2000 && value < 0x2010) && !(value >= 0xd800 && value < 0xf900) &&
         !(value >= 0xfff0 && value < 0xfffc) && value < 0xe0000;
}

}  // namespace

CodePoint decode(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {0xfffd, 1};
  uint32_t value = first & (0xff >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if ((byte(i) & 0xc0) != 0x80) return {0xfffd, 1};
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {0xfffd, 1};
  return {value, size};
}

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); count++) text.remove_prefix(decode(text).size);
  return count;
}

void append_code_point(std::string& out, uint32_t value) {
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) value = 0xfffd;
  if (value < 0x80) {
    out += static_cast<char>(value);
    return;
  }
  int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xff << (7 - more) & 0xff) | value >> (6 * more));
  while (more-- > 0) out += static_cast<char>(0x80 | (value >> (6 * more) & 0x3f));
}

bool is_letter(uint32_t value) {
  if (value < 0x80) return (value | 0x20) >= 'a' && (value | 0x20) <= 'z';
  return std::ranges::none_of(kNoLetters, [&](Range range) { return value >= range.first && value <= range.last; });
}

bool is_space(uint32_t value) { return std::ranges::find(kSpaces, value) != std::end(kSpaces) || (value >= 0x2000 && value <= 0x200a); }

std::string quote_literal(std::string_view text, bool bytes) {
  std::string out = bytes ? "b\"" : "\"";
  while (!text.empty()) {
    auto [value, size] = decode(text);
    if (size == 1 && value == 0xfffd) {
      out += std::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
    } else if (value == '"' || value == '\\') {
      out += '\\';
      out += static_cast<char>(value);
    } else if (is_printable(value)) {
      out += text.substr(0, size);
    } else {
      append_escape(out, value);
    }
    text.remove_prefix(size);
  }
  return out + '"';
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> names) {
  constexpr size_t kLongest = 64;  // nobody mistypes longer names, and the work grows with the square
  if (name.size() > kLongest) return {};
  std::string folded = fold(name);
  size_t least = (folded.size() + 1) / 2;
  std::string_view best;
  for (std::string_view other : names) {
    if (other.size() > kLongest) continue;
    size_t apart = distance(folded, fold(other));
    if (apart >= least) continue;
    least = apart;
    best = other;
  }
  return best;
}

std::string hint(std::string_view name, std::span<const std::string_view> names, std::string_view mark) {
  std::string_view best = nearest(name, names);
  return best.empty() ? "" : std::format(" (did you mean {}{}?)", mark, best);
}

}  // namespace starlark
