#include "applets/cli/instance/common.h"

#include <algorithm>

#include "api/types/instance_state.h"
#include "api/types/profile.h"
#include "applets/cli/image/copy.h"
#include "applets/cli/image/registry.h"
#include "applets/cli/peers.h"

namespace cli {

std::string instance_url(std::string_view name, std::string_view rest) {
  return "/1.0/instances/" + url_escape(name) + std::string(rest);
}

std::string snapshot_url(std::string_view instance, std::string_view snapshot) {
  return instance_url(instance, "/snapshots/" + url_escape(snapshot));
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
Result<api::Image> load_image(Call& call, client::Server& server, const std::string& name, bool& by_alias) {
  std::string fingerprint = name;
  auto alias = server.get(call.ctx, "/1.0/images/aliases/" + url_escape(name));
  by_alias = alias.has_value();
  if (alias) {
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
    chosen.source.server = TRY(server_address(call.ctx, from));
    chosen.source.protocol = from.protocol;
    if (from.protocol == "oci") chosen.source.certificate = TRY(signing_keys(call.config, remote));
    chosen.source.alias = name.empty() ? "default" : name;
    chosen.image.type = "";
    return chosen;
  }
  client::Server server = TRY(call.public_server(remote));
  bool by_alias = false;
  chosen.image = TRY(load_image(call, server, name.empty() ? "default" : name, by_alias));
  chosen.source.fingerprint = chosen.image.fingerprint;
  if (remote == server_remote) return chosen;
  PeerInfo peer = TRY(peer_info(call, server));
  chosen.urls = peer.urls;
  chosen.source.mode = "pull";
  chosen.source.protocol = "incus";
  chosen.source.project = peer.project;
  chosen.source.certificate = peer.certificate;
  if (chosen.image.public_ && by_alias) {  // the target may follow the alias
    chosen.source.alias = name.empty() ? "default" : name;
    chosen.source.fingerprint.clear();
  }
  if (!chosen.image.public_) chosen.source.secret = TRY(image_secret(call, server, chosen.image.fingerprint));
  return chosen;
}

Result<std::optional<api::Operation>> run_with_image(Call& call, client::Server& server, const ChosenImage& chosen, const ImageRequest& request) {
  Json body = request.body;
  body["source"] = api::to_json(chosen.source);
  if (chosen.source.mode != "pull" || chosen.source.protocol != "incus") return run_and_wait(call, server, http::Method::post, request.path, body, "", request.progress);
  std::optional<api::Operation> operation;
  TRY(try_urls(chosen.urls, request.problem, [&](const std::string& url) -> Result<> {
    body["source"]["server"] = url;
    operation = TRY(run_and_wait(call, server, http::Method::post, request.path, body, "", request.progress));
    return {};
  }));
  return operation;
}

Result<> change_state(Call& call, client::Server& server, const std::string& name, const StateChange& change) {
  Json body{{"action", change.action}, {"timeout", change.timeout}, {"force", change.force}, {"stateful", change.stateful}};
  TRY(run_and_wait(call, server, http::Method::put, instance_url(name, "/state"), body));
  return {};
}

}  // namespace cli
