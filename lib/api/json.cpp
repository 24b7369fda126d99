#include "api/json.h"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace api {
namespace {
/// nlohmann's parser recurses on hostile nesting, so the depth is checked before it sees the text.
bool too_deep(std::string_view text, int max_depth) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') i++;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
  return false;
}
}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth) {
  if (too_deep(text, max_depth)) return fail(Code::invalid, "JSON is nested more than {} levels deep", max_depth);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(Code::invalid, "Invalid JSON at byte {}", error.byte);
  } catch (const Json::out_of_range&) {
    return fail(Code::invalid, "A number in the JSON is out of range");
  }
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); i++) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}
}  // namespace api
