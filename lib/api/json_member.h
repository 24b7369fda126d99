// Members of JSON that nobody vouches for: absent and of another type are the same.
#pragma once
#include <string>

#include "api/json.h"

namespace api {

/// Null where `object` has no such member, or is no object.
inline const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  auto found = object.find(key);
  return found == object.end() ? none : *found;
}
/// Empty where it is no text.
inline std::string member_text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}
/// 0 where it is no number, or a negative or fractional one.
inline uint64_t member_unsigned(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

}  // namespace api
