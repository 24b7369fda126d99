#include "applets/cli/instance/common.h"

#include <algorithm>

#include "api/types/instance_state.h"
#include "api/types/profile.h"

namespace cli {

std::string instance_url(std::string_view name, std::string_view rest) {
  return "/1.0/instances/" + url_escape(name) + std::string(rest);
}

std::string snapshot_url(std::string_view instance, std::string_view snapshot) {
  return instance_url(instance, "/snapshots/" + url_escape(snapshot));
}

Result<StringMap> pairs_of(const StringList& flags) {
  StringMap pairs;
  for (const std::string& entry : flags) {
    size_t at = entry.find('=');
    if (at == std::string::npos) return fail(Code::invalid, "Bad key=value pair: {}", quote(entry));
    pairs[entry.substr(0, at)] = entry.substr(at + 1);
  }
  return pairs;
}

Result<api::DevicesMap> device_overrides(const StringList& flags) {
  api::DevicesMap devices;
  for (const std::string& entry : flags) {
    size_t comma = entry.find(','), equals = entry.find('=', comma);
    if (comma == std::string::npos) return fail(Code::invalid, "Bad device override syntax, expecting <device>,<key>=<value>: {}", entry);
    if (equals == std::string::npos) return fail(Code::invalid, "Bad device override syntax, expecting <device>,<key>=<value>: {}", entry);
    devices[entry.substr(0, comma)][entry.substr(comma + 1, equals - comma - 1)] = entry.substr(equals + 1);
  }
  return devices;
}

namespace {
Result<api::DevicesMap> devices_of_profiles(Call& call, client::Server& server, const StringList& profiles) {
  api::DevicesMap devices;
  for (const std::string& name : profiles) {
    auto reply = TRY_CTX(server.get(call.ctx, "/1.0/profiles/" + url_escape(name)), "Failed loading profile {} for device override", quote(name));
    auto profile = TRY(client::decode<api::Profile>(reply.metadata));
    for (auto& [device, config] : profile.devices) devices[device] = std::move(config);
  }
  return devices;
}
}  // namespace

Result<> apply_device_overrides(Call& call, client::Server& server, const api::DevicesMap& overrides, StringList profiles, api::DevicesMap& devices) {
  bool all_local = std::ranges::all_of(overrides, [&](const auto& item) { return devices.contains(item.first); });
  if (profiles.empty()) profiles = {"default"};
  api::DevicesMap inherited;
  if (!all_local) inherited = TRY(devices_of_profiles(call, server, profiles));
  for (const auto& [name, config] : overrides) {
    if (!devices.contains(name)) {
      auto found = inherited.find(name);
      if (found == inherited.end()) {
        return fail(Code::not_found, "Cannot override config for device {}: Device not found in profile devices", quote(name));
      }
      devices[name] = found->second;
    }
    for (const auto& [key, value] : config) devices[name][key] = value;
  }
  return {};
}

namespace {
/// Aliases come before fingerprints, as on the server.
Result<api::Image> load_image(Call& call, client::Server& server, const std::string& name) {
  std::string fingerprint = name;
  if (auto alias = server.get(call.ctx, "/1.0/images/aliases/" + url_escape(name)); alias) {
    fingerprint = TRY(client::decode<api::ImageAliasesEntry>(alias->metadata)).target;
  }
  return client::decode<api::Image>(TRY(server.get(call.ctx, "/1.0/images/" + url_escape(fingerprint))).metadata);
}
}  // namespace

Result<ChosenImage> choose_image(Call& call, const std::string& remote, const std::string& name, const std::string& server_remote) {
  const Remote& from = *TRY(call.config.find(remote));
  ChosenImage chosen;
  chosen.source.type = "image";
  if (from.protocol != "incus") {  // the server resolves names of image servers itself
    chosen.source.mode = "pull";
    chosen.source.server = from.addresses.front();
    chosen.source.protocol = from.protocol;
    chosen.source.alias = name.empty() ? "default" : name;
    chosen.image.type = "";
    return chosen;
  }
  client::Server server = TRY(call.public_server(remote));
  chosen.image = TRY(load_image(call, server, name.empty() ? "default" : name));
  chosen.source.fingerprint = chosen.image.fingerprint;
  if (remote == server_remote) return chosen;
  chosen.source.mode = "pull";
  chosen.source.server = from.addresses.front();
  chosen.source.protocol = "incus";
  chosen.source.alias = name;
  chosen.source.project = server.project_name();
  chosen.source.certificate = server.endpoint().server_certificate;
  if (!chosen.image.public_) {
    auto secret = TRY(server.query(call.ctx, http::Method::post, "/1.0/images/" + chosen.image.fingerprint + "/secret", "{}"));
    chosen.source.secret = secret.metadata["metadata"].value("secret", "");
  }
  return chosen;
}

std::string created_instance(const api::Operation& operation) {
  auto found = operation.resources.find("instances");
  if (found == operation.resources.end() || found->second.empty()) return "";
  std::string path = found->second.front();
  path = path.substr(0, path.find('?'));
  return url_unescape(path.substr(path.rfind('/') + 1)).value_or("");
}

Result<> change_state(Call& call, client::Server& server, const std::string& name, const StateChange& change) {
  Json body{{"action", change.action}, {"timeout", change.timeout}, {"force", change.force}, {"stateful", change.stateful}};
  TRY(run_and_wait(call, server, http::Method::put, instance_url(name, "/state"), body));
  return {};
}

}  // namespace cli
