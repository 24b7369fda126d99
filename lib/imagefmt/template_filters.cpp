// Filters of image templates: the text ones of Django's set.
#include <algorithm>

#include "base/strings.h"
#include "imagefmt/template_expression.h"

namespace imagefmt {
namespace {

struct Filter {
  std::string_view name;
  Json (*apply)(const Json& value, const Json& argument);
};

std::string escape_html(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string title(std::string text) {
  bool start = true;
  for (char& c : text) {
    c = static_cast<char>(start ? toupper(static_cast<unsigned char>(c)) : tolower(static_cast<unsigned char>(c)));
    start = isspace(static_cast<unsigned char>(c));
  }
  return text;
}

std::string capitalize(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(toupper(static_cast<unsigned char>(text[0])));
  return text;
}

Json add(const Json& value, const Json& argument) {
  // Only numbers are added up: a text stays one, though it reads as a number.
  auto a = parse_int(to_text(value)), b = parse_int(to_text(argument));
  int64_t sum;
  if (value.is_number() && a && b && !__builtin_add_overflow(*a, *b, &sum)) return sum;
  return to_text(value) + to_text(argument);
}

Json end_item(const Json& value, bool first) {
  if (value.is_array()) return value.empty() ? Json("") : first ? value.front() : value.back();
  std::string text = to_text(value);
  return text.empty() ? text : std::string(1, first ? text.front() : text.back());
}

Json join_items(const Json& value, const Json& argument) {
  if (!value.is_array()) return value;
  StringList parts;
  for (const Json& item : value) parts.push_back(to_text(item));
  return join(parts, to_text(argument));
}

Json yes_no(const Json& value, const Json& argument) {
  StringList words = argument.is_null() ? StringList{"yes", "no", "maybe"} : split(to_text(argument), ',');
  if (value.is_null() && words.size() > 2) return words[2];
  return truthy(value) ? words[0] : words.size() > 1 ? words[1] : "";
}

Json split_text(const Json& value, const Json& argument) {
  Json out = Json::array();
  std::string text = to_text(value), separator = to_text(argument);
  size_t at = 0;
  if (!separator.empty())
    for (size_t next; (next = text.find(separator, at)) != std::string::npos; at = next + separator.size()) out.push_back(text.substr(at, next - at));
  out.push_back(text.substr(at));
  return out;
}

Json pad(const Json& value, const Json& argument, bool left) {
  std::string text = to_text(value);
  auto width = std::min<size_t>(parse_uint(to_text(argument)).value_or(0), 4096);
  if (text.size() < width) text.insert(left ? text.size() : 0, width - text.size(), ' ');
  return text;
}

/// Python's [from:to]: either may be missing, negative ones count from the end. Of texts, bytes.
Json slice(const Json& value, const Json& argument) {
  StringList ends = split(to_text(argument), ':', 2);
  std::string text = value.is_array() ? "" : to_text(value);
  auto size = static_cast<int64_t>(value.is_array() ? value.size() : text.size());
  auto place = [&](size_t which, int64_t missing) {
    int64_t at = which < ends.size() ? parse_int(ends[which]).value_or(missing) : missing;
    return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
  };
  int64_t from = place(0, 0), to = std::max(from, place(1, size));
  if (!value.is_array()) return text.substr(static_cast<size_t>(from), static_cast<size_t>(to - from));
  return Json(std::vector<Json>(value.begin() + from, value.begin() + to));
}

Json cut_to_length(const Json& value, const Json& argument) {
  std::string text = to_text(value);
  auto most = static_cast<size_t>(parse_uint(to_text(argument)).value_or(text.size()));
  if (text.size() <= most) return text;
  return text.substr(0, most < 3 ? most : most - 3) + (most < 3 ? "" : "...");
}

Json make_list(const Json& value, const Json&) {
  Json out = Json::array();
  for (char c : to_text(value)) out.push_back(std::string(1, c));
  return out;
}

Json pluralize(const Json& value, const Json& argument) {
  StringList ends = argument.is_null() ? StringList{"s"} : split(to_text(argument), ',');
  if (ends.size() == 1) ends.insert(ends.begin(), "");
  return to_text(value) == "1" ? ends[0] : ends[1];
}

Json is_divisible(const Json& value, const Json& argument) {
  int64_t by = parse_int(to_text(argument)).value_or(0);
  return by != 0 && by != -1 ? parse_int(to_text(value)).value_or(0) % by == 0 : by == -1;
}

constexpr Filter kFilters[] = {
    {"add", add},
    {"addslashes", [](const Json& v, const Json&) -> Json { return replace_all(replace_all(replace_all(to_text(v), "\\", "\\\\"), "\"", "\\\""), "'", "\\'"); }},
    {"capfirst", [](const Json& v, const Json&) -> Json { return capitalize(to_text(v)); }},
    {"cut", [](const Json& v, const Json& a) -> Json { return replace_all(to_text(v), to_text(a), ""); }},
    {"default", [](const Json& v, const Json& a) -> Json { return truthy(v) ? v : a; }},
    {"default_if_none", [](const Json& v, const Json& a) -> Json { return v.is_null() ? a : v; }},
    {"divisibleby", is_divisible},
    {"escape", [](const Json& v, const Json&) -> Json { return escape_html(to_text(v)); }},
    {"first", [](const Json& v, const Json&) -> Json { return end_item(v, true); }},
    {"float", [](const Json& v, const Json&) -> Json { return parse_double(to_text(v)).value_or(0); }},
    {"integer", [](const Json& v, const Json&) -> Json { return static_cast<int64_t>(parse_double(to_text(v)).value_or(0)); }},
    {"join", join_items},
    {"last", [](const Json& v, const Json&) -> Json { return end_item(v, false); }},
    {"length", [](const Json& v, const Json&) -> Json { return v.is_structured() ? v.size() : to_text(v).size(); }},
    {"length_is", [](const Json& v, const Json& a) -> Json { return std::to_string(v.is_structured() ? v.size() : to_text(v).size()) == to_text(a); }},
    {"ljust", [](const Json& v, const Json& a) -> Json { return pad(v, a, true); }},
    {"lower", [](const Json& v, const Json&) -> Json { return to_lower(to_text(v)); }},
    {"make_list", make_list},
    {"pluralize", pluralize},
    {"rjust", [](const Json& v, const Json& a) -> Json { return pad(v, a, false); }},
    {"safe", [](const Json& v, const Json&) -> Json { return v; }},
    {"slice", slice},
    {"split", split_text},
    {"title", [](const Json& v, const Json&) -> Json { return title(to_text(v)); }},
    {"trim", [](const Json& v, const Json&) -> Json { return std::string(trim(to_text(v))); }},
    {"truncatechars", cut_to_length},
    {"upper", [](const Json& v, const Json&) -> Json { return to_upper(to_text(v)); }},
    {"urlencode", [](const Json& v, const Json&) -> Json { return replace_all(url_escape(to_text(v)), "%20", "+"); }},
    {"wordcount", [](const Json& v, const Json&) -> Json { return split_list(replace_all(replace_all(to_text(v), "\n", " "), "\t", " "), ' ').size(); }},
    {"yesno", yes_no},
};

}  // namespace

Result<Json> apply_filter(const std::string& name, const Json& value, const Json& argument) {
  for (const Filter& filter : kFilters)
    if (filter.name == name) return filter.apply(value, argument);
  return fail(Code::invalid, "Unknown filter {}", quote(name));
}

}  // namespace imagefmt
