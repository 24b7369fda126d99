#include "config/api_name.h"

#include <cctype>

#include "base/strings.h"

namespace config {

Result<> is_api_name(std::string_view name, bool allow_slashes) {
  if (name.size() > 64) return fail(Code::invalid, "Maximum name length is 64 characters");
  for (unsigned char c : name) {
    if (isspace(c)) return fail(Code::invalid, "Name cannot contain white space");
    if (iscntrl(c)) return fail(Code::invalid, "Name cannot contain control characters");  // names are paths too, which end at a NUL
    if (std::string_view("$?&+\"'`*").find(static_cast<char>(c)) != std::string_view::npos || (c == '/' && !allow_slashes))
      return fail(Code::invalid, "Name contains invalid character {}", quote(std::string_view(reinterpret_cast<const char*>(&c), 1)));
  }
  if (name.empty() || !isalnum(static_cast<unsigned char>(name.front())) || !isalnum(static_cast<unsigned char>(name.back())))
    return fail(Code::invalid, "Names must start and end with an alphanumeric character");
  return {};
}

}  // namespace config
