// Network integrations: how to reach the interconnection databases of other deployments. Peers of OVN networks refer to them.
#pragma once
#include <vector>

#include "api/types/network_integration.h"
#include "config/key.h"
#include "network/network.h"

namespace network::integration {

struct Integration : api::NetworkIntegrationPut {
  int64_t id = 0;
  std::string name;
};

/// All integrations are of this type so far.
inline constexpr std::string_view kType = "ovn";
config::Keys keys();

/// May a project with this config use the integration?
bool allowed(const StringMap& project_config, const std::string& name);
Result<std::vector<Integration>> load_all(const Environment& env);
/// Errors: not_found: `Network integration not found`.
Result<Integration> load(const Environment& env, const std::string& name);
/// Errors: invalid; conflict.
Result<> create(const Environment& env, const api::NetworkIntegrationsPost& request);
Result<> update(const Environment& env, const Integration& integration, const api::NetworkIntegrationPut& put);
Result<> rename(const Environment& env, const Integration& integration, const std::string& name);
/// Errors: internal (as upstream answers) where peers use it.
Result<> remove(const Environment& env, const Integration& integration);
/// URLs of the peers that go through it.
Result<StringList> used_by(const Environment& env, const Integration& integration);

}  // namespace network::integration
