// Expiry times.
#include "applets/cli/expiry.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/strings.h"

namespace cli {

Result<Timestamp> parse_expiry(const std::string& text) {
  static constexpr std::pair<char, int64_t> kUnits[] = {{'S', 1}, {'M', 60}, {'H', 3600}, {'d', 86400}, {'w', 604800}, {'m', 30 * 86400}, {'y', 365 * 86400}};
  int64_t total = 0;
  for (const std::string& part : split_list(text, ' ')) {
    auto count = parse_int(std::string_view(part).substr(0, part.size() - 1));
    auto unit = std::ranges::find(kUnits, part.back(), &std::pair<char, int64_t>::first);
    if (!count || unit == std::end(kUnits)) {
      total = -1;
      break;
    }
    total += *count * unit->second;
  }
  if (total >= 0) return Timestamp::now().plus(std::chrono::seconds(total));
  tm fields{};
  if (!strptime(text.c_str(), "%Y/%m/%d %H:%M", &fields)) {
    return fail(Code::invalid, "Invalid expiry {}: use a time span such as \"1d 3H\" or a date such as \"2026/01/02 15:04 UTC\"", quote(text));
  }
  return Timestamp::from_unix(text.ends_with("UTC") ? timegm(&fields) : mktime(&fields));
}

Result<std::chrono::seconds> parse_lifetime(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  auto broken = [text] { return fail(Code::invalid, "time: invalid duration {}", quote(text)); };
  std::string_view rest = text;
  double sign = rest.starts_with('-') ? -1 : 1, total = 0;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::seconds(0);
  if (rest.empty()) return broken();
  while (!rest.empty()) {
    size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    size_t end = std::min(rest.find_first_of("0123456789.", digits), rest.size());
    auto count = parse_double(rest.substr(0, digits));
    auto unit = std::ranges::find(kUnits, rest.substr(digits, end - digits), &std::pair<std::string_view, double>::first);
    if (!count || unit == std::end(kUnits)) return broken();
    total += *count * unit->second;
    rest.remove_prefix(end);
  }
  return std::chrono::seconds(static_cast<int64_t>(sign * total));
}

}  // namespace cli
