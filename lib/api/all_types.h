// Every wire struct by name: for the drift test and the API description.
#pragma once
#include <span>
#include <string_view>

#include "api/field.h"

namespace api {

struct NamedType {
  std::string_view name;
  const TypeInfo* fields;
};

std::span<const NamedType> all_types();

}  // namespace api
