// Checks for values that say whose a file is and who may use it; used as the `check` of key rows.
#pragma once
#include <string_view>

#include "base/result.h"

namespace config {

/// A user or group id: 0 to 2^32 - 1.
Result<> is_unix_id(std::string_view value);
/// Permission bits as chmod(1) takes them: "0644".
Result<> is_file_mode(std::string_view value);

}  // namespace config
