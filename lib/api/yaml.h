// YAML text to and from the JSON value type, in the style users of the API's client see (block style, strings quoted only where needed).
#pragma once
#include <string>
#include <string_view>

#include "api/json.h"

namespace api {

/// The first document of `text`; an empty text is null. Plain scalars get the type YAML 1.1 as the API's tools read it gives them
/// (yes/on stay strings). Timestamps stay strings. Errors: invalid, with the line. Aliases are followed; at most `max_nodes` nodes.
Result<Json> parse_yaml(std::string_view text, size_t max_nodes = 200000);

/// Block-style YAML ending in a newline. Members of objects whose names are in byte order are sorted "naturally" (user.x9 before user.x10),
/// as maps are; others keep their order, as structs do. Strings under names ending in "_at" that are timestamps stay unquoted.
std::string dump_yaml(const Json& value);

}  // namespace api
