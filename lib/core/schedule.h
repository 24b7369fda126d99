// Schedules and life spans as config values spell them: cron expressions, "@daily", "1w 2d". Shared by instances and volumes.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/timestamp.h"

namespace core {

/// "1M 2H 3d 4w 5m 6y" (also S for seconds) after `from`; zero time for an empty text. Errors: invalid.
Result<Timestamp> expiry_after(Timestamp from, std::string_view text);

/// A schedule: cron expressions ("0 * * * *", five fields, names, lists, ranges, steps) or aliases (@hourly …), separated by ", ".
/// Errors: invalid, naming the expression.
Result<> check_schedule(std::string_view text);
/// Whether a schedule fires in the minute of `now` (local time). `spread` (a hash of the object) moves aliases to their own minute
/// within the hour or day, so that not everything happens at once. @startup and @never do not fire by time.
bool schedule_fires(std::string_view text, Timestamp now, uint64_t spread);
/// Whether the schedule asks for a run when the daemon starts (@startup).
bool schedule_at_startup(std::string_view text);

}  // namespace core
