// Cron matching after crontab(5): day of month and day of week are alternatives where both are restricted.
#include "core/schedule.h"

#include <ctime>
#include <span>

#include "base/strings.h"

namespace core {
namespace {

constexpr std::string_view kAliases[] = {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@annually", "@yearly", "@startup", "@never"};
constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldRange {
  int low, high;
  std::span<const std::string_view> names = {};
  int name_base = 0;
};
constexpr FieldRange kFields[] = {{0, 59}, {0, 23}, {1, 31}, {1, 12, kMonths, 1}, {0, 7, kDays, 0}};

std::optional<int> number_or_name(std::string_view text, const FieldRange& range) {
  for (size_t i = 0; i < range.names.size(); i++)
    if (iequals(text, range.names[i])) return static_cast<int>(i) + range.name_base;
  auto value = parse_int(text);
  if (!value || *value < range.low || *value > range.high) return std::nullopt;
  return static_cast<int>(*value);
}

/// The values of one field as a bit mask; nothing on a syntax error.
std::optional<uint64_t> parse_field(std::string_view text, const FieldRange& range) {
  uint64_t mask = 0;
  for (const std::string& part : split(text, ',')) {
    StringList step = split(part, '/', 2);
    int every = 1;
    if (step.size() == 2) {
      auto value = parse_int(step[1]);
      if (!value || *value < 1) return std::nullopt;
      every = static_cast<int>(*value);
    }
    int low = range.low, high = range.high;
    if (step[0] != "*") {
      StringList ends = split(step[0], '-', 2);
      auto first = number_or_name(ends[0], range);
      auto last = ends.size() == 2 ? number_or_name(ends[1], range) : first;
      if (!first || !last || *last < *first) return std::nullopt;
      low = *first;
      if (step.size() == 1 || ends.size() == 2) high = *last;
    }
    for (int i = low; i <= high; i += every) mask |= uint64_t{1} << i;
  }
  return mask;
}

struct Cron {
  uint64_t fields[5];
  bool any_day, any_weekday;
};

std::optional<Cron> parse_cron(std::string_view text) {
  StringList parts = split_list(text, ' ');
  if (parts.size() != 5) return std::nullopt;
  Cron cron{};
  for (size_t i = 0; i < 5; i++) {
    auto mask = parse_field(parts[i], kFields[i]);
    if (!mask) return std::nullopt;
    cron.fields[i] = *mask;
  }
  if (cron.fields[4] & (1u << 7)) cron.fields[4] |= 1;
  cron.any_day = parts[2].starts_with('*');
  cron.any_weekday = parts[4].starts_with('*');
  return cron;
}

bool cron_matches(const Cron& cron, const tm& time) {
  auto has = [&](int field, int value) { return (cron.fields[field] >> value) & 1; };
  if (!has(0, time.tm_min) || !has(1, time.tm_hour) || !has(3, time.tm_mon + 1)) return false;
  bool day = has(2, time.tm_mday), weekday = has(4, time.tm_wday);
  return cron.any_day || cron.any_weekday ? day && weekday : day || weekday;
}

/// "@daily" as a cron expression at a minute of its own.
std::string alias_expression(std::string_view alias, uint64_t spread) {
  int minute = static_cast<int>(spread % 60), hour = static_cast<int>(spread / 60 % 24);
  if (alias == "@hourly") return std::format("{} * * * *", minute);
  if (alias == "@daily" || alias == "@midnight") return std::format("{} {} * * *", minute, alias == "@midnight" ? 0 : hour);
  if (alias == "@weekly") return std::format("{} {} * * 0", minute, hour);
  if (alias == "@monthly") return std::format("{} {} 1 * *", minute, hour);
  if (alias == "@annually" || alias == "@yearly") return std::format("{} {} 1 1 *", minute, hour);
  return "";
}

/// The triggers of a schedule: ", " separates them (a bare comma belongs to cron lists).
StringList triggers(std::string_view text) {
  StringList out;
  std::string lower = to_lower(text);
  size_t at = 0;
  for (size_t next; (next = lower.find(", ", at)) != std::string::npos; at = next + 2) out.push_back(lower.substr(at, next - at));
  out.push_back(lower.substr(at));
  return out;
}

bool is_alias(std::string_view text) {
  for (std::string_view alias : kAliases)
    if (alias == text) return true;
  return false;
}

}  // namespace

Result<Timestamp> expiry_after(Timestamp from, std::string_view text) {
  text = trim(text);
  if (text.empty()) return Timestamp{};
  int64_t amount[256] = {};
  for (const std::string& part : split(text, ' ')) {
    auto value = part.size() < 2 ? std::nullopt : parse_int(std::string_view(part).substr(0, part.size() - 1));
    char unit = part.empty() ? ' ' : part.back();
    if (!value || *value < 0 || std::string_view("SMHdwmy").find(unit) == std::string_view::npos || amount[static_cast<uint8_t>(unit)] > 0)
      return fail(Code::invalid, "Invalid expiry expression {}: use numbers with the units S, M, H, d, w, m or y, each once", quote(text));
    amount[static_cast<uint8_t>(unit)] = *value;
  }
  time_t seconds = from.seconds;
  tm parts{};
  gmtime_r(&seconds, &parts);
  parts.tm_year += static_cast<int>(amount['y']);
  parts.tm_mon += static_cast<int>(amount['m']);
  parts.tm_mday += static_cast<int>(amount['d'] + 7 * amount['w']);
  return Timestamp::from_unix(timegm(&parts) + amount['H'] * 3600 + amount['M'] * 60 + amount['S'], from.nanos);
}

Result<> check_schedule(std::string_view text) {
  for (const std::string& trigger : triggers(text)) {
    if (!is_alias(trigger) && !parse_cron(trigger)) return fail(Code::invalid, "Error parsing cron expr: {}", trigger);
  }
  return {};
}

bool schedule_fires(std::string_view text, Timestamp now, uint64_t spread) {
  time_t seconds = now.seconds;
  tm local{};
  localtime_r(&seconds, &local);
  for (const std::string& trigger : triggers(text)) {
    auto cron = parse_cron(is_alias(trigger) ? alias_expression(trigger, spread) : trigger);
    if (cron && cron_matches(*cron, local)) return true;
  }
  return false;
}

bool schedule_at_startup(std::string_view text) { return contains(triggers(text), "@startup"); }

}  // namespace core
