// Finding what refers to an ACL, an address set or a zone: networks, profiles and instances of the projects that share it.
#pragma once
#include <functional>

#include "api/field.h"
#include "network/network.h"

namespace network {

/// "/1.0/<kind>/<name>", with ?project= unless it is the default one.
std::string object_url(std::string_view kind, const std::string& name, const std::string& project);
/// Networks of the project whose config passes.
Result<StringList> network_urls(const Environment& env, const std::string& project, const std::function<bool(const StringMap& config)>& uses);
/// Profiles and instances with a NIC that passes, in projects whose networks are those of `project`.
Result<StringList> nic_user_urls(const Environment& env, const std::string& project, const std::function<bool(const StringMap& nic)>& uses);

/// A JSON list of wire structs, as stored in a text column; empty text is an empty list.
template <class T>
Result<> parse_list(const std::string& text, std::vector<T>& into) {
  into.clear();
  if (text.empty()) return {};
  Json list = TRY(api::parse_json(text));
  if (!list.is_array()) return {};
  for (const Json& item : list) into.push_back(TRY(api::from_json<T>(item)));
  return {};
}

}  // namespace network
