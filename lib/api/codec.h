// Codecs: how each member type is written and read. Included only by the files that define field tables.
#pragma once
#include <concepts>
#include <type_traits>

#include "api/field.h"

namespace api {

struct Codec {
  void (*write)(std::string& out, const void* value);
  Result<> (*read)(void* value, const Json& json, std::string_view path);
  bool (*empty)(const void* value);
};

inline constexpr bool kOmitEmpty = true;

extern const Codec kStringCodec, kBoolCodec, kIntCodec, kUintCodec, kDoubleCodec, kTimestampCodec, kJsonCodec, kStringMapCodec;

Failure wrong_type(std::string_view path, std::string_view expected, const Json& json);

template <class T>
struct CodecOf;  // struct types: T has a field table

template <class T>
const Codec* codec_of() {
  if constexpr (std::same_as<T, std::string>) return &kStringCodec;
  else if constexpr (std::same_as<T, bool>) return &kBoolCodec;
  else if constexpr (std::same_as<T, int64_t>) return &kIntCodec;
  else if constexpr (std::same_as<T, uint64_t>) return &kUintCodec;
  else if constexpr (std::same_as<T, double>) return &kDoubleCodec;
  else if constexpr (std::same_as<T, Timestamp>) return &kTimestampCodec;
  else if constexpr (std::same_as<T, Json>) return &kJsonCodec;
  else if constexpr (std::same_as<T, StringMap>) return &kStringMapCodec;
  else return &CodecOf<T>::codec;
}

template <class T>
struct CodecOf {
  static void write(std::string& out, const void* value) { append_object(out, type_info<T>(), value); }
  static Result<> read(void* value, const Json& json, std::string_view path) { return read_object(type_info<T>(), value, json, path); }
  static bool empty(const void*) { return false; }
  static constexpr Codec codec{write, read, empty};
};

template <class T>
struct CodecOf<std::vector<T>> {
  static void write(std::string& out, const void* value) {
    out += '[';
    bool first = true;
    for (const T& item : *static_cast<const std::vector<T>*>(value)) {
      if (!first) out += ',';
      first = false;
      codec_of<T>()->write(out, &item);
    }
    out += ']';
  }
  static Result<> read(void* value, const Json& json, std::string_view path) {
    auto& list = *static_cast<std::vector<T>*>(value);
    list.clear();
    if (json.is_null()) return {};
    if (!json.is_array()) return wrong_type(path, "a list", json);
    for (const Json& item : json) {
      T element{};
      TRY(codec_of<T>()->read(&element, item, path));
      list.push_back(std::move(element));
    }
    return {};
  }
  static bool empty(const void* value) { return static_cast<const std::vector<T>*>(value)->empty(); }
  static constexpr Codec codec{write, read, empty};
};

template <class T>
struct CodecOf<std::map<std::string, T>> {
  static void write(std::string& out, const void* value) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : *static_cast<const std::map<std::string, T>*>(value)) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, key);
      out += ':';
      codec_of<T>()->write(out, &item);
    }
    out += '}';
  }
  static Result<> read(void* value, const Json& json, std::string_view path) {
    auto& map = *static_cast<std::map<std::string, T>*>(value);
    map.clear();
    if (json.is_null()) return {};
    if (!json.is_object()) return wrong_type(path, "an object", json);
    for (const auto& [key, item] : json.items()) TRY(codec_of<T>()->read(&map[key], item, std::format("{}.{}", path, key)));
    return {};
  }
  static bool empty(const void* value) { return static_cast<const std::map<std::string, T>*>(value)->empty(); }
  static constexpr Codec codec{write, read, empty};
};

template <class T>
struct CodecOf<std::optional<T>> {
  static void write(std::string& out, const void* value) {
    const auto& item = *static_cast<const std::optional<T>*>(value);
    if (item) codec_of<T>()->write(out, &*item);
    else out += "null";
  }
  static Result<> read(void* value, const Json& json, std::string_view path) {
    auto& item = *static_cast<std::optional<T>*>(value);
    item.reset();
    if (json.is_null()) return {};
    return codec_of<T>()->read(&item.emplace(), json, path);
  }
  static bool empty(const void* value) { return !static_cast<const std::optional<T>*>(value)->has_value(); }
  static constexpr Codec codec{write, read, empty};
};

template <class M>
struct MemberOf;
template <class C, class T>
struct MemberOf<T C::*> {
  using Class = C;
  using Type = T;
};

/// `field<&Instance::name>("name")`
template <auto M>
TypeInfo field(std::string_view name, bool omit_empty = false) {
  using Member = MemberOf<decltype(M)>;
  auto at = [](void* object) -> void* { return &(static_cast<typename Member::Class*>(object)->*M); };
  return {Field{name, codec_of<typename Member::Type>(), at, omit_empty}};
}

/// The fields of `Base`, a base class of `T`.
template <class T, class Base>
TypeInfo base() {
  static_assert(std::derived_from<T, Base>);
  static T probe;
  TypeInfo list = type_info<Base>();
  for (Field& field : list) field.base_offset += reinterpret_cast<char*>(static_cast<Base*>(&probe)) - reinterpret_cast<char*>(&probe);
  return list;
}

template <class T, class... Parts>
const TypeInfo& fields(Parts&&... parts) {
  static const TypeInfo all = [&] {
    TypeInfo list;
    (list.insert(list.end(), parts.begin(), parts.end()), ...);
    return list;
  }();
  return all;
}

}  // namespace api

#define API_TYPE(T) \
  template <>       \
  const TypeInfo& type_info<T>()
