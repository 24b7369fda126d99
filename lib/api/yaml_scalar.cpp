// Scalar resolution in the dialect of the API's own tools: YAML 1.1 without its old booleans and base-60 numbers.
#include "api/yaml_scalar.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "base/strings.h"

namespace api {

namespace {

std::string_view after_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

std::optional<Json> integer(std::string_view text) {
  std::string digits = replace_all(std::string(text), "_", "");
  bool negative = digits.starts_with('-');
  std::string_view body = after_sign(digits);
  int base = 10;
  for (auto [prefix, radix] : {std::pair{"0x", 16}, {"0b", 2}, {"0o", 8}}) {
    if (body.starts_with(prefix)) {
      base = radix;
      body.remove_prefix(2);
      break;
    }
  }
  if (base == 10 && body.size() > 1 && body[0] == '0') base = 8;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value, base);
  if (body.empty() || error != std::errc() || end != body.data() + body.size()) return std::nullopt;
  if (!negative) return value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) ? Json(static_cast<int64_t>(value)) : Json(value);
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return Json(-static_cast<int64_t>(value));
}

std::optional<Json> floating(std::string_view text) {
  std::string_view body = after_sign(text);
  if (body.empty() || !(std::isdigit(static_cast<unsigned char>(body[0])) || (body[0] == '.' && body.size() > 1 && std::isdigit(static_cast<unsigned char>(body[1]))))) return std::nullopt;
  if (body.find_first_not_of("0123456789.eE+-_") != std::string_view::npos) return std::nullopt;
  auto value = parse_double(replace_all(std::string(text.starts_with('+') ? text.substr(1) : text), "_", ""));
  if (!value) return std::nullopt;
  return Json(*value);
}

}  // namespace

Json resolve_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  for (std::string_view name : {".inf", ".Inf", ".INF"}) {
    if (after_sign(text) == name) return text[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  for (std::string_view name : {".nan", ".NaN", ".NAN"}) {
    if (text == name) return std::numeric_limits<double>::quiet_NaN();
  }
  char first = text[0];
  if (std::isdigit(static_cast<unsigned char>(first)) || first == '+' || first == '-' || first == '.') {
    if (auto value = integer(text)) return *value;
    if (auto value = floating(text)) return *value;
  }
  return std::string(text);
}

bool is_old_boolean(std::string_view text) {
  for (std::string_view word : {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (text == word) return true;
  }
  return false;
}

bool is_base60(std::string_view text) {
  if (!text.contains(':')) return false;
  std::string_view body = after_sign(text);
  if (body.empty() || !std::isdigit(static_cast<unsigned char>(body[0]))) return false;
  StringList parts = split(body.substr(0, body.find('.')), ':');
  if (body.contains('.') && body.find_first_not_of("0123456789_", body.find('.') + 1) != std::string_view::npos) return false;
  if (parts[0].find_first_not_of("0123456789_") != std::string::npos) return false;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    bool digits = !part.empty() && part.size() <= 2 && part.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || (part.size() == 2 && part[0] > '5')) return false;
  }
  return parts.size() > 1;
}

bool is_timestamp(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  if (digits != 4 || text.size() < 8 || text[4] != '-') return false;
  size_t at = 5;
  auto number = [&](size_t most) {
    size_t start = at;
    while (at < text.size() && at - start < most && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
    return at > start;
  };
  if (!number(2) || at >= text.size() || text[at++] != '-' || !number(2)) return false;
  if (at == text.size()) return text.size() == 10;
  if (text[at] != 'T' && text[at] != 't' && text[at] != ' ') return false;
  ++at;
  if (!number(2) || at >= text.size() || text[at++] != ':' || !number(2) || at >= text.size() || text[at++] != ':' || !number(2)) return false;
  return text.find_first_not_of("0123456789.:+-Zz ", at) == std::string_view::npos;
}

}  // namespace api
