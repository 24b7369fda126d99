// More of api/json_member.h, for what registries write. Private to lib/oci.
#pragma once
#include <string>

#include "api/json_member.h"
#include "base/strings.h"

namespace oci {

using api::member;
inline std::string text(const Json& object, const char* key) { return api::member_text(object, key); }
inline int64_t number(const Json& object, const char* key, int64_t fallback) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<int64_t>() : fallback;
}
/// The texts of a list; of a single text as a list of one (old Docker images spell entry points so).
inline StringList texts(const Json& object, const char* key) {
  StringList out;
  const Json& list = member(object, key);
  if (list.is_string()) return {list.get<std::string>()};
  if (!list.is_array()) return out;
  for (const Json& item : list)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}
/// The names of an object's members.
inline StringList names(const Json& object, const char* key) {
  StringList out;
  const Json& value = member(object, key);
  if (!value.is_object()) return out;
  for (auto item = value.begin(); item != value.end(); ++item) out.push_back(item.key());
  return out;
}

}  // namespace oci
