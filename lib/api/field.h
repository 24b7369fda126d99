// Wire structs and their field tables: JSON in both directions, filters and documentation derive from one row a field.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/json.h"
#include "base/result.h"
#include "base/strings.h"
#include "base/timestamp.h"

namespace api {

using ::StringList;
using ::StringMap;
using DevicesMap = std::map<std::string, StringMap>;

/// How a C++ type is read and written; one constant per type, shared by all fields of that type (api/codec.h).
struct Codec;

/// One member of a wire struct.
struct Field {
  std::string_view name;  ///< JSON key
  const Codec* codec;
  void* (*at)(void* object);  ///< address of the member in the class that declares it
  bool omit_empty;
  std::ptrdiff_t base_offset = 0;  ///< from the outer object to that class

  void* address(void* object) const { return at(static_cast<char*>(object) + base_offset); }
};

using TypeInfo = std::vector<Field>;

template <class T>
const TypeInfo& type_info();

/// Appends `value` as compact JSON in field order (the server's order).
void append_object(std::string& out, const TypeInfo& type, const void* value);
/// Reads an object into `value`; unknown members are ignored, missing ones keep their value, keys match without case.
/// Errors: invalid, naming the path of the member and the expected type.
Result<> read_object(const TypeInfo& type, void* value, const Json& json, std::string_view path);

template <class T>
std::string dump(const T& value) {
  std::string out;
  append_object(out, type_info<T>(), &value);
  return out;
}
template <class T>
std::string dump(const std::vector<T>& values) {
  std::string out = "[";
  for (const T& value : values) {
    if (out.size() > 1) out += ',';
    append_object(out, type_info<T>(), &value);
  }
  return out + "]";
}
inline std::string dump(const StringList& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    append_json_string(out, value);
  }
  return out + "]";
}

/// The value as a JSON document (slower than dump; for filters and editing).
template <class T>
Json to_json(const T& value) {
  return Json::parse(dump(value));
}
template <class T>
Result<T> from_json(const Json& json) {
  T value;
  TRY(read_object(type_info<T>(), &value, json, ""));
  return value;
}
/// Text to struct. Errors: invalid.
template <class T>
Result<T> parse(std::string_view text) {
  return from_json<T>(TRY(parse_json(text)));
}
/// Merges the members that `json` names into `value` (PATCH).
template <class T>
Result<> merge_json(T& value, const Json& json) {
  return read_object(type_info<T>(), &value, json, "");
}
/// The base part of a derived wire struct: `slice<InstancePut>(instance)`.
template <class Base>
const Base& slice(const Base& value) {
  return value;
}

}  // namespace api

#define API_DECLARE(T) \
  template <>          \
  const TypeInfo& type_info<T>();
