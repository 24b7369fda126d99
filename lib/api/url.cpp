// Building API paths.
#include "api/url.h"

#include "base/strings.h"

namespace api {

namespace {

// What Go's url.PathEscape leaves alone beside the unreserved characters; clients compare these paths as text.
std::string escape_path(std::string_view part) {
  std::string out;
  for (char c : part) {
    if (std::string_view("$&+=:@").contains(c)) out += c;
    else out += url_escape(std::string_view(&c, 1));
  }
  return out;
}

}  // namespace

std::string entity_url(std::initializer_list<std::string_view> parts, std::string_view project, std::string_view member) {
  std::string url = "/1.0";
  for (std::string_view part : parts) url += "/" + escape_path(part);
  char separator = '?';
  if (!project.empty() && project != "default") {
    url += "?project=" + url_escape(project);
    separator = '&';
  }
  if (!member.empty() && member != "none") url += std::string(1, separator) + "target=" + url_escape(member);
  return url;
}

}  // namespace api
