// Replaces libstdc++'s text for floating point numbers, whose Ryu tables take 0.19 MB in every program that uses std::format. Here printf does the
// work, by trying how many digits are needed; floating point numbers are only written for people (rates, times) and in metrics.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

/// Like to_chars, but a byte of room must be left.
template <class... Args>
std::to_chars_result print(char* first, char* last, const char* format, Args... args) {
  int size = std::snprintf(first, static_cast<size_t>(last - first), format, args...);
  if (size < 0 || size >= last - first) return {last, std::errc::value_too_large};
  return {first + size, {}};
}

void read(const char* text, float& value) { value = std::strtof(text, nullptr); }
void read(const char* text, double& value) { value = std::strtod(text, nullptr); }
void read(const char* text, long double& value) { value = std::strtold(text, nullptr); }

/// The fewest digits that are read back as the same number: at most 21 for any type here.
template <class T>
int digits_of(T value) {
  char text[64];
  for (int digits = 1; digits < 21; ++digits) {
    std::snprintf(text, sizeof text, "%.*Le", digits - 1, static_cast<long double>(value));
    T back;
    read(text, back);
    if (back == value) return digits;
  }
  return 21;
}

std::to_chars_result print_exact(char* first, char* last, long double value, std::chars_format format, int precision) {
  const char* how = format == std::chars_format::fixed ? "%.*Lf" : format == std::chars_format::scientific ? "%.*Le" : "%.*Lg";
  return print(first, last, how, precision, value);
}

template <class T>
std::to_chars_result print_short(char* first, char* last, T value, std::chars_format format) {
  if (value != value || value - value != 0) return print(first, last, "%Lf", static_cast<long double>(value));
  int digits = digits_of(value);
  char text[64];
  std::snprintf(text, sizeof text, "%.*Le", digits - 1, static_cast<long double>(value));
  int exponent = std::atoi(std::strchr(text, 'e') + 1), decimals = digits - 1 > exponent ? digits - 1 - exponent : 0;
  // Without a wish for one of them, the shorter form ("-" counts for both); in the general form the exponent decides.
  int fixed_size = (exponent < 0 ? 1 : exponent + 1) + (decimals ? decimals + 1 : 0);
  int scientific_size = digits + (digits > 1) + (exponent > 99 || exponent < -99 ? 5 : 4);
  bool fixed = format == std::chars_format::general ? exponent >= -4 && exponent < 6 : format == std::chars_format{} ? fixed_size <= scientific_size : format == std::chars_format::fixed;
  return fixed ? print_exact(first, last, value, std::chars_format::fixed, decimals) : print_exact(first, last, value, std::chars_format::scientific, digits - 1);
}

/// Hexadecimal without "0x"; `precision` below 0: as many digits as it takes.
template <class T>
std::to_chars_result print_hex(char* first, char* last, T value, int precision) {
  char text[64];
  int size = precision < 0 ? std::snprintf(text, sizeof text, "%a", static_cast<double>(value)) : std::snprintf(text, sizeof text, "%.*a", precision, static_cast<double>(value));
  if (size < 0 || size >= static_cast<int>(sizeof text)) return {last, std::errc::value_too_large};
  if (char* mark = std::strstr(text, "0x")) std::memmove(mark, mark + 2, std::strlen(mark + 2) + 1);
  return print(first, last, "%s", text);
}

}  // namespace

namespace std {

#define BOX_TO_CHARS(T, Number)                                                                                                  \
  to_chars_result to_chars(char* first, char* last, T value) noexcept {                                                         \
    return print_short<Number>(first, last, static_cast<Number>(value), chars_format{});                                        \
  }                                                                                                                             \
  to_chars_result to_chars(char* first, char* last, T value, chars_format format) noexcept {                                    \
    if (format == chars_format::hex) return print_hex(first, last, static_cast<Number>(value), -1);                             \
    return print_short<Number>(first, last, static_cast<Number>(value), format);                                                \
  }                                                                                                                             \
  to_chars_result to_chars(char* first, char* last, T value, chars_format format, int precision) noexcept {                     \
    if (format == chars_format::hex) return print_hex(first, last, static_cast<Number>(value), precision < 0 ? 6 : precision);  \
    return print_exact(first, last, static_cast<long double>(value), format, precision < 0 ? 6 : precision);                    \
  }

BOX_TO_CHARS(float, float)
BOX_TO_CHARS(double, double)
BOX_TO_CHARS(long double, long double)
BOX_TO_CHARS(_Float128, long double)

}  // namespace std
