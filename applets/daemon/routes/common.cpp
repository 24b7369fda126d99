#include "applets/daemon/routes/common.h"

namespace incusd {

std::string entity_url(const std::string& path, const std::string& project) {
  return "/1.0/" + path + (project == "default" ? "" : "?project=" + url_escape(project));
}

void emit(Call& call, const std::string& project, const std::string& action, const std::string& url, Json context) {
  call.daemon.events.lifecycle(project, action, url, call.identity.requestor, std::move(context));
}

StringList visible_to(const core::Identity& identity, StringList urls) {
  std::erase_if(urls, [&](const std::string& url) {
    size_t at = url.find("project=");
    std::string project = at == std::string::npos ? "default" : url_unescape(url.substr(at + 8, url.find('&', at) - at - 8)).value_or("");
    return !identity.can_see_project(project);
  });
  return urls;
}

}  // namespace incusd
