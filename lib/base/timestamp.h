// Wall-clock time as the API writes it: RFC 3339 with nanoseconds; "never" is year 1.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Seconds and nanoseconds since the Unix epoch. The default is the API's zero time, 0001-01-01T00:00:00Z.
struct Timestamp {
  static constexpr int64_t kZeroSeconds = -62135596800;
  int64_t seconds = kZeroSeconds;
  int32_t nanos = 0;
  int16_t offset_minutes = 0;  ///< how far ahead of UTC it was written; shown again by rfc3339(), never compared

  static Timestamp now();
  static Timestamp from_unix(int64_t seconds, int32_t nanos = 0) { return {seconds, nanos, 0}; }
  /// Reads RFC 3339 with any offset and 0 to 9 fractional digits.
  static std::optional<Timestamp> parse(std::string_view text);

  bool is_zero() const { return seconds == kZeroSeconds && nanos == 0; }
  /// In UTC (or the offset it was read with), fraction without trailing zeros: 2026-01-02T03:04:05.678Z.
  std::string rfc3339() const;
  /// strftime(3) in UTC.
  std::string format(const char* strftime_format) const;
  /// strftime(3) in the local time zone.
  std::string format_local(const char* strftime_format) const;
  Timestamp plus(std::chrono::nanoseconds delta) const;
  friend std::strong_ordering operator<=>(const Timestamp& a, const Timestamp& b) {
    return a.seconds != b.seconds ? a.seconds <=> b.seconds : a.nanos <=> b.nanos;
  }
  friend bool operator==(const Timestamp& a, const Timestamp& b) { return a.seconds == b.seconds && a.nanos == b.nanos; }
};
