#include "core/schedule.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("expiry spans add up and refuse nonsense") {
  Timestamp from = Timestamp::from_unix(0);
  CHECK(core::expiry_after(from, "1d 2H")->seconds == 86400 + 7200);
  CHECK(core::expiry_after(from, "1w")->seconds == 7 * 86400);
  CHECK(core::expiry_after(from, "1m")->seconds == 31 * 86400);
  CHECK(core::expiry_after(from, "")->is_zero());
  CHECK_FALSE(core::expiry_after(from, "1x"));
  CHECK_FALSE(core::expiry_after(from, "1d 1d"));
}

TEST_CASE("schedules are checked and matched by the minute") {
  CHECK(core::check_schedule("@hourly"));
  CHECK(core::check_schedule("@daily, @startup"));
  CHECK(core::check_schedule("*/5 0-6 1,15 jan mon-fri"));
  CHECK_FALSE(core::check_schedule("@sometimes"));
  CHECK_FALSE(core::check_schedule("* * * *"));
  CHECK_FALSE(core::check_schedule("61 * * * *"));
  Timestamp now = Timestamp::from_unix(1767225600);  // 2026-01-01 00:00:00 UTC
  CHECK(core::schedule_fires("* * * * *", now, 0));
  CHECK(core::schedule_fires("0 * * * *", now, 0));
  CHECK_FALSE(core::schedule_fires("30 * * * *", now, 0));
  CHECK_FALSE(core::schedule_fires("@startup", now, 0));
  CHECK(core::schedule_at_startup("@hourly, @startup"));
}
