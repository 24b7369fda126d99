// What a plain YAML scalar means, and which strings would be read back as something else (internal to yaml_*.cpp).
#pragma once
#include <string_view>

#include "api/json.h"

namespace api {

/// null, boolean, number or string.
Json resolve_scalar(std::string_view text);
/// Would other YAML 1.1 readers take this string for a boolean (yes, on, n…) or a base-60 number?
bool is_old_boolean(std::string_view text);
bool is_base60(std::string_view text);
/// 2026-01-02, or with a time.
bool is_timestamp(std::string_view text);

}  // namespace api
