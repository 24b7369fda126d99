#include "api/codec.h"

#include <cmath>

namespace api {

Failure wrong_type(std::string_view path, std::string_view expected, const Json& json) {
  return fail(Code::invalid, "Invalid value for {}: expected {}, got {}", quote(path), expected, json.type_name());
}

namespace {

Result<> read_string(void* value, const Json& json, std::string_view path) {
  auto& text = *static_cast<std::string*>(value);
  if (json.is_null()) return {};
  if (!json.is_string()) return wrong_type(path, "a string", json);
  text = json.get_ref<const std::string&>();
  return {};
}

Result<> read_bool(void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  if (!json.is_boolean()) return wrong_type(path, "a boolean", json);
  *static_cast<bool*>(value) = json.get<bool>();
  return {};
}

Result<> read_int(void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  if (!json.is_number_integer() && !json.is_number_unsigned()) return wrong_type(path, "an integer", json);
  *static_cast<int64_t*>(value) = json.get<int64_t>();
  return {};
}

Result<> read_uint(void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  if (!json.is_number_unsigned()) return wrong_type(path, "an unsigned integer", json);
  *static_cast<uint64_t*>(value) = json.get<uint64_t>();
  return {};
}

Result<> read_double(void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  if (!json.is_number()) return wrong_type(path, "a number", json);
  *static_cast<double*>(value) = json.get<double>();
  return {};
}

Result<> read_timestamp(void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  auto parsed = json.is_string() ? Timestamp::parse(json.get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) return wrong_type(path, "a time (RFC 3339)", json);
  *static_cast<Timestamp*>(value) = *parsed;
  return {};
}

/// Config values may arrive as numbers or booleans; they are kept as text.
Result<> read_string_map(void* value, const Json& json, std::string_view path) {
  auto& map = *static_cast<StringMap*>(value);
  map.clear();
  if (json.is_null()) return {};
  if (!json.is_object()) return wrong_type(path, "an object", json);
  for (const auto& [key, item] : json.items()) {
    if (item.is_string()) map[key] = item.get_ref<const std::string&>();
    else if (item.is_number() || item.is_boolean()) map[key] = item.dump();
    else if (item.is_null()) map[key] = "";
    else return wrong_type(std::format("{}.{}", path, key), "a string", item);
  }
  return {};
}

void write_double(std::string& out, const void* value) {
  double number = *static_cast<const double*>(value);
  out += std::isfinite(number) ? std::format("{}", number) : "null";
}

template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

const Field* find_field(const TypeInfo& type, std::string_view key) {
  for (const Field& field : type) {
    if (field.name == key) return &field;
  }
  for (const Field& field : type) {
    if (iequals(field.name, key)) return &field;
  }
  return nullptr;
}

}  // namespace

const Codec kStringCodec{[](std::string& out, const void* v) { append_json_string(out, as<std::string>(v)); }, read_string,
                         [](const void* v) { return as<std::string>(v).empty(); }};
const Codec kBoolCodec{[](std::string& out, const void* v) { out += as<bool>(v) ? "true" : "false"; }, read_bool,
                       [](const void* v) { return !as<bool>(v); }};
const Codec kIntCodec{[](std::string& out, const void* v) { out += std::to_string(as<int64_t>(v)); }, read_int,
                      [](const void* v) { return as<int64_t>(v) == 0; }};
const Codec kUintCodec{[](std::string& out, const void* v) { out += std::to_string(as<uint64_t>(v)); }, read_uint,
                       [](const void* v) { return as<uint64_t>(v) == 0; }};
const Codec kDoubleCodec{write_double, read_double, [](const void* v) { return as<double>(v) == 0; }};
const Codec kTimestampCodec{[](std::string& out, const void* v) { out += '"' + as<Timestamp>(v).rfc3339() + '"'; }, read_timestamp,
                            [](const void*) { return false; }};
const Codec kJsonCodec{[](std::string& out, const void* v) { out += dump_json(as<Json>(v)); },
                       [](void* v, const Json& json, std::string_view) -> Result<> {
                         *static_cast<Json*>(v) = json;
                         return {};
                       },
                       [](const void* v) { return as<Json>(v).is_null() || as<Json>(v).empty(); }};
const Codec kStringMapCodec{CodecOf<StringMap>::write, read_string_map, CodecOf<StringMap>::empty};

void append_object(std::string& out, const TypeInfo& type, const void* value) {
  out += '{';
  bool first = true;
  for (const Field& field : type) {
    // SAFETY: address() only computes an address; write() and empty() take it as const again.
    const void* member = field.address(const_cast<void*>(value));
    if (field.omit_empty && field.codec->empty(member)) continue;
    if (!first) out += ',';
    first = false;
    out += '"';
    out += field.name;
    out += "\":";
    field.codec->write(out, member);
  }
  out += '}';
}

Result<> read_object(const TypeInfo& type, void* value, const Json& json, std::string_view path) {
  if (json.is_null()) return {};
  if (!json.is_object()) return wrong_type(path.empty() ? "body" : path, "an object", json);
  for (const auto& [key, item] : json.items()) {
    const Field* field = find_field(type, key);
    if (!field) continue;
    TRY(field->codec->read(field->address(value), item, path.empty() ? key : std::format("{}.{}", path, key)));
  }
  return {};
}

}  // namespace api
