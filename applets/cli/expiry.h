// When snapshots may be deleted, as users write it.
#pragma once
#include <string>

#include "base/result.h"
#include "base/timestamp.h"

namespace cli {

/// "1d 3H" from now, or "2026/01/02 15:04 UTC". Errors: invalid.
Result<Timestamp> parse_expiry(const std::string& text);

}  // namespace cli
