// How users name what firmware keeps: GUIDs and variables.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"

namespace api {

/// Its familiar name, or the GUID (small letters) itself.
std::string guid_name(const std::string& guid);
/// A familiar name in any spelling, or a GUID. Errors: invalid.
Result<std::string> guid_of(std::string_view text);

struct VariableName {
  std::string guid, name;
};
/// "GUID:name" (or a GUID's name), "GUID-name" or "name-GUID"; anything else is one of the specification's own variables. Errors: invalid (no GUID before the colon).
Result<VariableName> variable_name(const std::string& text);

}  // namespace api
