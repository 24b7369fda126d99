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

}  // namespace cli
