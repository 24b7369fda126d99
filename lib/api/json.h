// The JSON value type of the whole project: object members keep their order, as the API's do.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

using Json = nlohmann::ordered_json;
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace api {
/// Parses a document of at most `max_depth` nested levels. Errors: invalid, naming the byte offset. Never throws.
Result<Json> parse_json(std::string_view text, int max_depth = 64);
/// Compact text; invalid UTF-8 is replaced, never thrown on.
std::string dump_json(const Json& value);
/// Appends `text` as a JSON string, escaped as the API's server does (also < > & as \u00XX).
void append_json_string(std::string& out, std::string_view text);
}  // namespace api
