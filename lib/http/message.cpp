#include "http/message.h"

#include <algorithm>

namespace http {

namespace {

struct MethodName {
  Method method;
  std::string_view name;
};
constexpr MethodName kMethods[] = {
    {Method::get, "GET"},         {Method::put, "PUT"},   {Method::post, "POST"},       {Method::patch, "PATCH"},
    {Method::delete_, "DELETE"}, {Method::head, "HEAD"}, {Method::options, "OPTIONS"},
};

}  // namespace

std::string_view method_name(Method method) { return std::ranges::find(kMethods, method, &MethodName::method)->name; }

std::optional<Method> parse_method(std::string_view name) {
  auto found = std::ranges::find(kMethods, name, &MethodName::name);
  if (found == std::end(kMethods)) return std::nullopt;
  return found->method;
}

std::string Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (iequals(key, name)) return value;
  }
  return "";
}

bool Headers::has(std::string_view name) const {
  return std::ranges::any_of(fields_, [&](const auto& field) { return iequals(field.first, name); });
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return iequals(field.first, name); });
  add(std::move(name), std::move(value));
}

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    size_t equals = part.find('=');
    auto key = url_unescape(part.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("") : url_unescape(part.substr(equals + 1), true);
    if (key && value) query.items_.emplace_back(std::move(*key), std::move(*value));  // a broken escape drops its argument
  }
  return query;
}

std::string Query::get(std::string_view key) const {
  auto found = std::ranges::find(items_, key, &std::pair<std::string, std::string>::first);
  return found == items_.end() ? "" : found->second;
}

bool Query::has(std::string_view key) const {
  return std::ranges::find(items_, key, &std::pair<std::string, std::string>::first) != items_.end();
}

StringList Query::all(std::string_view key) const {
  StringList values;
  for (const auto& [name, value] : items_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

}  // namespace http
