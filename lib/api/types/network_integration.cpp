#include "api/types/network_integration.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkIntegrationPut) {
  return fields<NetworkIntegrationPut>(
      field<&NetworkIntegrationPut::description>("description"),
      field<&NetworkIntegrationPut::config>("config"));
}

API_TYPE(NetworkIntegrationsPost) {
  return fields<NetworkIntegrationsPost>(
      base<NetworkIntegrationsPost, NetworkIntegrationPut>(),
      field<&NetworkIntegrationsPost::name>("name"),
      field<&NetworkIntegrationsPost::type>("type"));
}

API_TYPE(NetworkIntegration) {
  return fields<NetworkIntegration>(
      base<NetworkIntegration, NetworkIntegrationPut>(),
      field<&NetworkIntegration::name>("name"),
      field<&NetworkIntegration::type>("type"),
      field<&NetworkIntegration::used_by>("used_by"));
}

API_TYPE(NetworkIntegrationPost) {
  return fields<NetworkIntegrationPost>(
      field<&NetworkIntegrationPost::name>("name"));
}

}  // namespace api
