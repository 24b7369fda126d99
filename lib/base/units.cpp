#include "base/units.h"

#include <array>
#include <format>
#include <limits>

#include "base/strings.h"

namespace {
struct Suffix {
  std::string_view text;
  double factor;
};

constexpr double pow_of(double base, int n) { return n == 0 ? 1 : base * pow_of(base, n - 1); }
constexpr auto kSuffixes = std::to_array<Suffix>({{"", 1},
                                                  {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {"E", 1e18},
                                                  {"Ki", pow_of(1024, 1)}, {"Mi", pow_of(1024, 2)}, {"Gi", pow_of(1024, 3)},
                                                  {"Ti", pow_of(1024, 4)}, {"Pi", pow_of(1024, 5)}, {"Ei", pow_of(1024, 6)}});

/// `unit` follows the prefix ("B" or "bit"); a bare number and a bare unit are accepted.
std::optional<int64_t> parse_scaled(std::string_view text, std::string_view unit) {
  text = trim(text);
  size_t end = text.find_first_not_of("0123456789-");
  std::string_view number = text.substr(0, end);
  std::string_view suffix = end == std::string_view::npos ? std::string_view{} : trim(text.substr(end));
  auto value = parse_int(number);
  if (!value) return std::nullopt;
  if (suffix.ends_with(unit)) suffix.remove_suffix(unit.size());
  else if (!suffix.empty()) return std::nullopt;
  for (const Suffix& known : kSuffixes) {
    if (known.text != suffix) continue;
    double scaled = static_cast<double>(*value) * known.factor;
    if (scaled >= static_cast<double>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return *value * static_cast<int64_t>(known.factor);
  }
  return std::nullopt;
}

std::string format_scaled(int64_t bytes, int precision, double base, std::span<const std::string_view> names) {
  if (static_cast<double>(bytes) < base) return std::format("{}B", bytes);
  double value = static_cast<double>(bytes);
  size_t step = 0;
  for (; value >= base && step + 1 < names.size(); step++) value /= base;
  return std::format("{:.{}f}{}", value, precision, names[step]);
}
}  // namespace

std::optional<int64_t> parse_byte_size(std::string_view text) { return parse_scaled(text, "B"); }
std::optional<int64_t> parse_bit_size(std::string_view text) { return parse_scaled(text, "bit"); }

std::string format_byte_size(int64_t bytes, int precision) {
  static constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  return format_scaled(bytes, precision, 1024, kNames);
}

std::string format_byte_size_decimal(int64_t bytes, int precision) {
  static constexpr std::string_view kNames[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  return format_scaled(bytes, precision, 1000, kNames);
}
