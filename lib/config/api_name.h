// What the name of an API object may look like.
#pragma once
#include <string_view>

#include "base/result.h"

namespace config {

/// At most 64 characters, no white space or control characters, none of $?&+"'`* (and no slash unless allowed), letters or digits at both ends.
Result<> is_api_name(std::string_view name, bool allow_slashes = false);

}  // namespace config
