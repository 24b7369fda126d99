#include "network/integration/integration.h"

#include "config/api_name.h"
#include "core/project_cache.h"
#include "db/database.h"
#include "db/query.h"
#include "network/stored.h"
#include "network/user_urls.h"

namespace network::integration {
namespace {

namespace records = db::network_records;
using config::Key;

constexpr std::string_view kPattern = "ovn.transit.pattern";
constexpr std::string_view kOvnCode = "0";  ///< what the type column holds

constexpr Key kKeys[] = {
    {.name = "ovn.ca_cert", .group = "ovn", .scope = "global", .summary = "Certificate authority of the interconnection databases"},
    {.name = "ovn.client_cert", .group = "ovn", .scope = "global", .summary = "Client certificate for the interconnection databases"},
    {.name = "ovn.client_key", .group = "ovn", .scope = "global", .summary = "Client key for the interconnection databases"},
    {.name = "ovn.northbound_connection", .group = "ovn", .scope = "global", .summary = "Where the northbound interconnection database is"},
    {.name = "ovn.southbound_connection", .group = "ovn", .scope = "global", .summary = "Where the southbound interconnection database is"},
    {.name = kPattern, .group = "ovn", .def = "ts-incus-{{ integrationName }}-{{ projectName }}-{{ networkName }}",
     .summary = "Template of the transit switch's name"},
    {.name = "user.*", .group = "common", .summary = "Free for the user"},
};

records::Row row_of(const Integration& integration) { return to_row(integration, {std::string(kOvnCode), ""}); }

Result<> check_name(const std::string& name) {
  TRY_CTX(config::is_api_name(name), "Invalid network integration name");
  return {};
}

Result<> check_config(const StringMap& config) {
  for (const auto& [name, value] : config)
    if (!config::find(keys(), name)) return fail(Code::invalid, "Invalid network integration configuration key {}", quote(name));
  return {};
}

}  // namespace

config::Keys keys() { return kKeys; }

bool allowed(const StringMap& project_config, const std::string& name) {
  std::string list = get_or(project_config, "restricted.networks.integrations");
  return !is_true(get_or(project_config, "restricted")) || list.empty() || contains(split_list(list), name);
}

Result<std::vector<Integration>> load_all(const Environment& env) {
  return parse_rows<Integration>(TRY(stored_rows(env, records::kIntegrations)), from_row<Integration>);
}

Result<Integration> load(const Environment& env, const std::string& name) {
  return from_row<Integration>(TRY(stored_row(env, records::kIntegrations, {.owner = {}, .project = {}, .name = name})));
}

Result<> create(const Environment& env, const api::NetworkIntegrationsPost& request) {
  TRY(check_name(request.name));
  if (request.type != kType) return fail(Code::invalid, "Invalid integration type {}", quote(request.type));
  TRY(check_config(request.config));
  Integration integration;
  static_cast<api::NetworkIntegrationPut&>(integration) = request;
  integration.name = request.name;
  TRY(store_new(env, records::kIntegrations, row_of(integration)));
  return {};
}

Result<> update(const Environment& env, const Integration& integration, const api::NetworkIntegrationPut& put) {
  TRY(check_config(put.config));
  std::string pattern(kPattern);
  if (get_or(put.config, pattern) != get_or(integration.config, pattern) && !TRY(used_by(env, integration)).empty())
    return fail(Code::invalid, "The OVN transit switch pattern cannot be changed while the integration is in use");
  Integration changed = integration;
  static_cast<api::NetworkIntegrationPut&>(changed) = put;
  return store_changed(env, records::kIntegrations, row_of(changed));
}

Result<> rename(const Environment& env, const Integration& integration, const std::string& name) {
  TRY(check_name(name));
  return rename_stored(env, records::kIntegrations, integration.id, name);
}

Result<> remove(const Environment& env, const Integration& integration) {
  if (!TRY(used_by(env, integration)).empty()) return fail(Code::internal, "Network integration is currently in use");
  return remove_stored(env, records::kIntegrations, integration.id);
}

Result<StringList> used_by(const Environment& env, const Integration& integration) {
  constexpr std::string_view kPeers =
      "SELECT networks.name, networks_peers.name, projects.name FROM networks_peers JOIN networks ON networks.id = networks_peers.network_id "
      "JOIN projects ON projects.id = networks.project_id WHERE networks_peers.target_network_integration_id = ? ORDER BY 1, 2";
  return env.global.read([&](db::Tx& tx) {
    return db::select<std::string>(tx, std::string(kPeers), {integration.id}, [](const db::Row& row) {
      return object_url("networks", row.text(0) + "/peers/" + row.text(1), row.text(2));
    });
  });
}

}  // namespace network::integration
