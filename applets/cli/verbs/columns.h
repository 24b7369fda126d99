// Cells of list columns that many nouns share, by the JSON member they show.
#pragma once
#include <algorithm>
#include <string>

#include "api/json.h"
#include "base/strings.h"

namespace cli {

/// A string literal as a template argument.
template <size_t N>
struct Literal {
  char text[N];
  constexpr Literal(const char (&value)[N]) { std::copy_n(value, N, text); }
};

/// The member as text; "" if it is missing or null.
std::string member_text(const Json& item, const char* name);
/// "YES" or "NO".
std::string yes_no(bool value);
/// An RFC 3339 time as local "2006/01/02 15:04 UTC"; `zero` for the zero time (date_cell: one space).
std::string local_date(const std::string& time, const std::string& zero = "");

template <Literal kName>
std::string text_cell(const Json& item) {
  return member_text(item, kName.text);
}
template <Literal kName>
std::string upper_cell(const Json& item) {
  return to_upper(member_text(item, kName.text));
}
template <Literal kKey>
std::string config_cell(const Json& item) {
  return item.contains("config") ? member_text(item["config"], kKey.text) : "";
}
/// How many elements the member has.
template <Literal kName>
std::string count_cell(const Json& item) {
  return std::to_string(item.contains(kName.text) ? item[kName.text].size() : 0);
}
template <Literal kName>
std::string yes_no_cell(const Json& item) {
  return yes_no(member_text(item, kName.text) == "true");
}
template <Literal kName>
std::string date_cell(const Json& item) {
  return local_date(member_text(item, kName.text), " ");
}

}  // namespace cli
