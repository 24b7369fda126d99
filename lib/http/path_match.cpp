#include "http/path_match.h"

namespace http {

bool path_matches(std::string_view pattern, std::string_view path, StringMap& params) {
  StringList wanted = split(pattern, '/'), given = split(path, '/');
  if (wanted.size() != given.size()) return false;
  for (size_t i = 0; i < wanted.size(); i++) {
    if (!wanted[i].starts_with('{') && wanted[i] != given[i]) return false;
    if (!wanted[i].starts_with('{')) continue;
    if (given[i].empty()) return false;
    params[wanted[i].substr(1, wanted[i].size() - 2)] = url_unescape(given[i]).value_or(given[i]);
  }
  return true;
}

}  // namespace http
