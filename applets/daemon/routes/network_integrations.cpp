// /1.0/network-integrations.
#include "network/integration/integration.h"

#include "applets/daemon/routes/network_common.h"

namespace incusd {
namespace {

using http::Method;
using network::integration::Integration;

const network::Environment& environment(Call& call) { return call.daemon.networks->environment(); }
std::string integration_url(const std::string& name) { return "/1.0/network-integrations/" + url_escape(name); }
Result<Integration> find_integration(Call& call) { return network::integration::load(environment(call), call.param("integration")); }
std::string integration_etag(const Integration& integration) { return etag_of(api::dump(api::slice<api::NetworkIntegrationPut>(integration))); }

/// Connection strings and keys are for those who may change them.
Result<std::string> describe(Call& call, const Integration& integration) {
  api::NetworkIntegration out;
  static_cast<api::NetworkIntegrationPut&>(out) = integration;
  if (!call.identity.check({"network_integration", "", integration.name}, "can_edit")) out.config.clear();
  out.name = integration.name;
  out.type = network::integration::kType;
  out.used_by = TRY(network::integration::used_by(environment(call), integration));
  return api::dump(out);
}

Result<Reply> list_integrations(Call& call) {
  auto project = TRY(call.daemon.projects->get(call.project));
  StringList urls, objects;
  for (const Integration& integration : TRY(network::integration::load_all(environment(call)))) {
    if (!network::integration::allowed(project.config, integration.name)) continue;
    urls.push_back(integration_url(integration.name));
    objects.push_back(TRY(describe(call, integration)));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_integration(Call& call) {
  auto request = TRY(call.body<api::NetworkIntegrationsPost>());
  TRY(network::integration::create(environment(call), request));
  std::string url = integration_url(request.name);
  network_event(call, "default", "network-integration-created", url);
  return created(url);
}

Result<Reply> get_integration(Call& call) {
  auto project = TRY(call.daemon.projects->get(call.project));
  if (!network::integration::allowed(project.config, call.param("integration"))) return fail(Code::not_found, "Network integration not found");
  Integration integration = TRY(find_integration(call));
  return ok(TRY(describe(call, integration)), integration_etag(integration));
}

Result<Reply> change_integration(Call& call, bool merge) {
  Integration integration = TRY(find_integration(call));
  TRY(call.check_etag(integration_etag(integration)));
  auto put = TRY(call.body<api::NetworkIntegrationPut>());
  if (merge) {
    put.config.insert(integration.config.begin(), integration.config.end());
    if (put.description.empty()) put.description = integration.description;
  }
  TRY(network::integration::update(environment(call), integration, put));
  network_event(call, "default", "network-integration-updated", integration_url(integration.name));
  return ok();
}
Result<Reply> put_integration(Call& call) { return change_integration(call, false); }
Result<Reply> patch_integration(Call& call) { return change_integration(call, true); }

Result<Reply> rename_integration(Call& call) {
  auto request = TRY(call.body<api::NetworkIntegrationPost>());
  Integration integration = TRY(find_integration(call));
  TRY(network::integration::rename(environment(call), integration, request.name));
  std::string url = integration_url(request.name);
  network_event(call, "default", "network-integration-renamed", url, Json{{"old_name", integration.name}});
  return created(url);
}

Result<Reply> delete_integration(Call& call) {
  Integration integration = TRY(find_integration(call));
  TRY(network::integration::remove(environment(call), integration));
  network_event(call, "default", "network-integration-deleted", integration_url(integration.name));
  return ok();
}

constexpr Access kEdit = allow("network_integration", "can_edit", "integration"), kView = allow("network_integration", "can_view", "integration");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/network-integrations", kAuthenticated, kProject, list_integrations, "Lists network integrations"},
    {Method::post, "/1.0/network-integrations", allow("server", "can_create_network_integrations"), kNoFlags, create_integration, "Creates a network integration"},
    {Method::delete_, "/1.0/network-integrations/{integration}", kEdit, kNoFlags, delete_integration, "Deletes a network integration no peer uses"},
    {Method::get, "/1.0/network-integrations/{integration}", kView, kProject, get_integration, "Shows a network integration"},
    {Method::patch, "/1.0/network-integrations/{integration}", kEdit, kNoFlags, patch_integration, "Changes a network integration"},
    {Method::post, "/1.0/network-integrations/{integration}", kEdit, kNoFlags, rename_integration, "Renames a network integration"},
    {Method::put, "/1.0/network-integrations/{integration}", kEdit, kNoFlags, put_integration, "Replaces a network integration's settings"},
};

}  // namespace

extern const Routes network_integration_routes = kRoutes;

}  // namespace incusd
