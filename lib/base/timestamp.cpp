#include "base/timestamp.h"

#include <ctime>
#include <format>

namespace {
bool digits(std::string_view text, size_t at, size_t count, int64_t& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (size_t i = at; i < at + count; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

std::string strftime_of(const tm& fields, const char* format) {
  char buffer[128];
  return std::string(buffer, strftime(buffer, sizeof buffer, format, &fields));
}
}  // namespace

Timestamp Timestamp::now() {
  timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return from_unix(ts.tv_sec, static_cast<int32_t>(ts.tv_nsec));
}

std::optional<Timestamp> Timestamp::parse(std::string_view text) {
  int64_t year, month, day, hour, minute, second;
  bool shape = text.size() >= 20 && digits(text, 0, 4, year) && text[4] == '-' && digits(text, 5, 2, month) && text[7] == '-' &&
               digits(text, 8, 2, day) && (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && digits(text, 11, 2, hour) &&
               text[13] == ':' && digits(text, 14, 2, minute) && text[16] == ':' && digits(text, 17, 2, second);
  if (!shape || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  size_t at = 19;
  int64_t nanos = 0;
  if (text[at] == '.') {
    int64_t scale = 100000000;
    for (at++; at < text.size() && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10) nanos += (text[at] - '0') * scale;
  }
  int64_t offset = 0;
  if (at >= text.size()) return std::nullopt;
  if (text[at] == '+' || text[at] == '-') {
    int64_t oh, om;
    if (!digits(text, at + 1, 2, oh) || at + 3 >= text.size() || text[at + 3] != ':' || !digits(text, at + 4, 2, om)) return std::nullopt;
    offset = (oh * 3600 + om * 60) * (text[at] == '-' ? -1 : 1);
    at += 6;
  } else if (text[at] == 'Z' || text[at] == 'z') {
    at++;
  }
  if (at != text.size()) return std::nullopt;
  using namespace std::chrono;
  sys_days date = std::chrono::year(static_cast<int>(year)) / static_cast<unsigned>(month) / static_cast<unsigned>(day);
  int64_t total = date.time_since_epoch().count() * 86400 + hour * 3600 + minute * 60 + second - offset;
  return Timestamp{total, static_cast<int32_t>(nanos), static_cast<int16_t>(offset / 60)};
}

std::string Timestamp::rfc3339() const {
  tm fields;
  time_t t = seconds + offset_minutes * 60;
  gmtime_r(&t, &fields);
  std::string out = std::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday,
                                fields.tm_hour, fields.tm_min, fields.tm_sec);
  if (nanos) {
    out += std::format(".{:09}", nanos);
    while (out.back() == '0') out.pop_back();
  }
  if (offset_minutes == 0) return out + 'Z';
  int minutes = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  return out + std::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string Timestamp::format(const char* strftime_format) const {
  tm fields;
  time_t t = seconds;
  gmtime_r(&t, &fields);
  return strftime_of(fields, strftime_format);
}

std::string Timestamp::format_local(const char* strftime_format) const {
  tm fields;
  time_t t = seconds;
  localtime_r(&t, &fields);
  return strftime_of(fields, strftime_format);
}

Timestamp Timestamp::plus(std::chrono::nanoseconds delta) const {
  int64_t total = nanos + delta.count() % 1000000000;
  int64_t carry = delta.count() / 1000000000;
  if (total >= 1000000000) total -= 1000000000, carry++;
  if (total < 0) total += 1000000000, carry--;
  return {seconds + carry, static_cast<int32_t>(total), offset_minutes};
}
