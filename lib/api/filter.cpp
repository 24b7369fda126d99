#include "api/filter.h"

#include <regex>

#include "base/strings.h"

namespace api {
namespace {

StringList words(std::string_view text) {
  StringList list;
  std::string word;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') {
      if (!word.empty()) list.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) list.push_back(std::move(word));
  return list;
}

/// Does "os.name" name the key "oscar.name"? The first part may be a prefix, the others must be equal.
bool dot_prefix_match(std::string_view prefix, std::string_view key) {
  StringList a = split(prefix, '.'), b = split(key, '.');
  return a.size() == b.size() && b[0].starts_with(a[0]) && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

/// A config key that is not set compares as the empty string.
const Json& find_in_map(const Json& map, const std::string& key) {
  static const Json kUnset = "";
  auto found = map.find(key);
  if (found != map.end()) return *found;
  const std::string* best = nullptr;
  for (const auto& [name, value] : map.items()) {
    if (dot_prefix_match(key, name) && (!best || name < *best)) best = &name;
  }
  return best ? map.at(*best) : kUnset;
}

/// Follows a dotted path: "config.image.os" is the key "image.os" of a map of texts. Null if there is no such field.
const Json* find_member(const Json& object, const std::string& path) {
  size_t dot = path.find('.');
  auto found = object.find(path.substr(0, dot));
  if (found == object.end() || found->is_null()) return nullptr;
  if (dot == std::string::npos) return &*found;
  if (!found->is_object()) return nullptr;
  std::string rest = path.substr(dot + 1);
  if (found->empty() || found->begin()->is_string()) return &find_in_map(*found, rest);
  return find_member(*found, rest);
}

/// Reads the items of a value after an opening quote, up to the word that ends with it.
Result<std::string> quoted_value(const StringList& parts, size_t& at, char symbol) {
  std::string value = parts[at].substr(1);
  if (!value.empty() && value.back() == symbol) return value.substr(0, value.size() - 1);
  for (at++; at < parts.size(); at++) {
    value += " " + parts[at];
    if (value.back() == symbol) return value.substr(0, value.size() - 1);
  }
  return fail(Code::invalid, "unterminated quote");
}

bool any_equal(std::string_view text, const std::string& value) {
  for (const std::string& part : split(value, ',')) {
    if (iequals(text, part)) return true;
  }
  return iequals(text, value);
}

bool any_different(std::string_view text, const std::string& value) {
  for (const std::string& part : split(value, ',')) {
    if (!iequals(text, part)) return true;
  }
  return !iequals(text, value);
}

bool match_string(const std::string& text, const std::string& value, bool negate) {
  if (value.find(',') == std::string::npos) {
    bool anchored = value.find_first_of("^$") != std::string::npos;
    try {
      std::regex pattern(anchored ? value : "^(?:" + value + ")$", std::regex::ECMAScript | std::regex::icase);
      return std::regex_search(text, pattern) != negate;
    } catch (const std::regex_error&) {
      // Not a regular expression: compared as text.
    }
  }
  return negate ? any_different(text, value) : any_equal(text, value);
}

Failure bad_value(std::string_view field, std::string_view value) {
  return fail(Code::invalid, "Failed to parse value: {} does not fit the type of field {}", quote(value), quote(field));
}

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
  StringList parts = words(text);
  Filter filter;
  std::string joint = "and";
  for (size_t at = 0; at < parts.size();) {
    Clause clause;
    if (iequals(parts[at], "not")) {
      clause.not_ = true;
      if (++at == parts.size()) return fail(Code::invalid, "incomplete not clause");
    }
    clause.field = parts[at];
    if (++at == parts.size()) return fail(Code::invalid, "clause has no operator");
    clause.op = parts[at];
    if (++at == parts.size()) return fail(Code::invalid, "clause has no value");
    char first = parts[at][0];
    clause.value = first == '"' ? TRY(quoted_value(parts, at, first)) : parts[at];
    clause.or_ = joint == "or";
    filter.clauses_.push_back(std::move(clause));
    if (++at == parts.size()) break;
    joint = parts[at];
    if (joint != "and" && joint != "or") return fail(Code::invalid, "invalid clause composition");
    if (++at == parts.size()) return fail(Code::invalid, "unterminated compound clause");
  }
  return filter;
}

Result<bool> Filter::match_clause(const Clause& clause, const Json& object) const {
  if (clause.op != "eq" && clause.op != "ne") return fail(Code::invalid, "Unsupported operation {}", quote(clause.op));
  bool negate = clause.op == "ne";
  const Json* member = find_member(object, clause.field);
  if (!member) return fail(Code::invalid, "Invalid type \"invalid\" for field {}", quote(clause.field));
  const Json& value = *member;
  if (value.is_string()) return match_string(value.get_ref<const std::string&>(), clause.value, negate);
  if (value.is_boolean()) {
    if (!is_true(clause.value) && !is_false(clause.value)) return bad_value(clause.field, clause.value);
    return (value.get<bool>() == is_true(clause.value)) != negate;
  }
  if (value.is_number_integer()) {
    auto number = parse_int(clause.value);
    if (!number) return bad_value(clause.field, clause.value);
    return (value.get<int64_t>() == *number) != negate;
  }
  if (value.is_array()) {
    auto list = parse_json(clause.value);
    if (!list || !list->is_array()) return bad_value(clause.field, clause.value);
    return (value == *list) != negate;
  }
  return fail(Code::invalid, "Invalid type {} for field {}", quote(value.type_name()), quote(clause.field));
}

Result<bool> Filter::match(const Json& object) const {
  bool result = true;
  for (const Clause& clause : clauses_) {
    bool matched = TRY(match_clause(clause, object)) != clause.not_;
    result = clause.or_ ? result || matched : result && matched;
  }
  return result;
}

}  // namespace api
