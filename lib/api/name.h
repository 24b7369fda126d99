// What names of API objects may look like.
#pragma once
#include <string_view>

#include "base/result.h"

namespace api {
/// At most 64 characters, no white space or characters with a meaning in URLs, alphanumeric at both ends. Errors: invalid.
Result<> validate_name(std::string_view name, bool allow_slashes = false);
}  // namespace api
