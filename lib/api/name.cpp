#include "api/name.h"

#include <cctype>

#include "base/strings.h"

namespace api {

Result<> validate_name(std::string_view name, bool allow_slashes) {
  if (name.size() > 64) return fail(Code::invalid, "Maximum name length is 64 characters");
  for (char c : name) {
    if (isspace(static_cast<unsigned char>(c))) return fail(Code::invalid, "Name cannot contain white space");
    if (std::string_view("$?&+\"'`*").contains(c) || (c == '/' && !allow_slashes)) {
      return fail(Code::invalid, "Name contains invalid character {}", quote(std::string_view(&c, 1)));
    }
  }
  auto plain = [](char c) { return isalnum(static_cast<unsigned char>(c)) != 0; };
  if (name.empty() || !plain(name.front()) || !plain(name.back())) {
    return fail(Code::invalid, "Names must start and end with an alphanumeric character");
  }
  return {};
}

}  // namespace api
