#include "network/user_urls.h"

#include "db/networks.h"
#include "db/profiles.h"
#include "network/attached.h"
#include "network/projects.h"

namespace network {

std::string object_url(std::string_view kind, const std::string& name, const std::string& project) {
  std::string path = std::format("/1.0/{}/{}", kind, url_escape(name));
  return project == "default" ? path : path + "?project=" + url_escape(project);
}

Result<StringList> network_urls(const Environment& env, const std::string& project, const std::function<bool(const StringMap&)>& uses) {
  StringList urls;
  for (const auto& row : TRY(env.global.read([&](db::Tx& tx) { return db::networks::load_all(tx, project); })))
    if (uses(row.config)) urls.push_back(object_url("networks", row.name, project));
  return urls;
}

Result<StringList> nic_user_urls(const Environment& env, const std::string& project, const std::function<bool(const StringMap&)>& uses) {
  StringList urls;
  auto home = [&](const std::string& of) {
    auto info = env.projects.get(of);
    return info && is_true(get_or(info->config, "features.networks")) ? of : std::string("default");
  };
  for (const auto& profile : TRY(env.global.read([](db::Tx& tx) { return db::profiles::load_all(tx); }))) {
    if (home(profile.project) != project) continue;
    for (const auto& [device, config] : profile.devices)
      if (get_or(config, "type") == "nic" && uses(config)) {
        urls.push_back(object_url("profiles", profile.name, profile.project));
        break;
      }
  }
  for (const AttachedNic& nic : TRY(all_nics(env)))
    if (home(nic.project) == project && uses(nic.config))
      if (std::string url = object_url("instances", nic.instance, nic.project); !contains(urls, url)) urls.push_back(std::move(url));
  return urls;
}

}  // namespace network
