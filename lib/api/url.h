// API paths of entities, as `used_by`, events and operation resources show them.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

namespace api {

/// {"instances", "c1"}, "p" -> "/1.0/instances/c1?project=p". The project is left out where it is "default" or empty,
/// the member where it is "none" or empty. Parts are escaped.
std::string entity_url(std::initializer_list<std::string_view> parts, std::string_view project = "", std::string_view member = "");

}  // namespace api
