// When things may be deleted or end, as users write it.
#pragma once
#include <chrono>
#include <string>

#include "base/result.h"
#include "base/timestamp.h"

namespace cli {

/// "1d 3H" from now, or "2026/01/02 15:04 UTC". Errors: invalid.
Result<Timestamp> parse_expiry(const std::string& text);
/// "90s", "1h30m", "1.5h", … (units ns, us, ms, s, m, h). Errors: invalid.
Result<std::chrono::seconds> parse_lifetime(std::string_view text);

}  // namespace cli
