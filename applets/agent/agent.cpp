#include "applets/agent/agent.h"

#include <unistd.h>

#include "api/json.h"
#include "api/yaml.h"

namespace agent {
namespace {

constexpr const char* kFeatureFile = "/etc/incus-agent.yml";

}  // namespace

HostConnection Agent::host() const {
  std::lock_guard guard(mutex_);
  return host_;
}

void Agent::set_host(HostConnection connection) {
  std::lock_guard guard(mutex_);
  host_ = std::move(connection);
}

Result<HostConnection> parse_host_connection(std::string_view text) {
  Json json = TRY(api::parse_json(text));
  if (!json.is_object()) return fail(Code::invalid, "Expected a JSON object");
  HostConnection out;
  auto number = [&](const char* name, uint32_t& field) {
    auto found = json.find(name);
    if (found != json.end() && found->is_number_unsigned()) field = found->get<uint32_t>();
  };
  number("cid", out.cid);
  number("port", out.port);
  if (auto found = json.find("certificate"); found != json.end() && found->is_string()) out.certificate = found->get<std::string>();
  if (auto found = json.find("dev_incus"); found != json.end() && found->is_boolean()) out.guest_api = found->get<bool>();
  return out;
}

Result<> load_features(Agent& agent) {
  if (access(kFeatureFile, F_OK) != 0) return {};
  Json json = TRY_CTX(api::parse_yaml(TRY(read_file(kFeatureFile))), "Failed reading {}", kFeatureFile);
  if (!json.is_object() || !json.contains("features") || !json["features"].is_object()) return {};
  agent.features.emplace();
  for (const auto& [name, value] : json["features"].items()) {
    if (value.is_boolean()) (*agent.features)[name] = value.get<bool>();
  }
  return {};
}

}  // namespace agent
