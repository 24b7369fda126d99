// Helpers of the network routes.
#include "applets/daemon/routes/network_common.h"

namespace incusd {

Result<NetworkScope> network_scope(Call& call, const std::string& name) {
  auto project = TRY(call.daemon.projects->get(call.project));
  std::string stored_in = name.empty() ? (is_true(get_or(project.config, "features.networks")) ? project.name : "default") : network::project_of(project, name);
  return NetworkScope{std::move(project), std::move(stored_in)};
}

Result<std::shared_ptr<network::Network>> find_network(Call& call, bool shared) {
  const std::string& name = call.param("name");
  auto scope = TRY(network_scope(call, shared ? name : ""));
  auto network = TRY_CTX(call.daemon.networks->load(scope.stored_in, name), "Failed loading network");
  if (!network::allowed(scope.project.config, name, true)) return fail(Code::not_found, "Network not found");
  return network;
}

bool may_view_network(Call& call, const NetworkScope& scope, const std::string& name, bool managed) {
  if (!managed && scope.stored_in != "default") return false;
  auto granted = managed ? call.identity.check({"network", scope.stored_in, name}, "can_view") : call.identity.check({"server", "", ""}, "can_view_resources");
  return granted && network::allowed(scope.project.config, name, managed);
}

StringList visible_users(const core::Identity& identity, StringList urls) {
  std::erase_if(urls, [&](const std::string& url) {
    size_t at = url.find("?project=");
    std::string project = at == std::string::npos ? "default" : url_unescape(std::string_view(url).substr(at + 9)).value_or("");
    return !identity.can_see_project(project);
  });
  return urls;
}

std::string network_url(const std::string& path, const std::string& project) {
  return "/1.0/" + path + (project == "default" ? "" : "?project=" + url_escape(project));
}

void network_event(Call& call, const std::string& project, const std::string& action, const std::string& url, Json context) {
  call.daemon.events.lifecycle(project, action, url, call.identity.requestor, std::move(context));
}

}  // namespace incusd
