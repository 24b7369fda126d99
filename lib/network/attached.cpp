// Walking instances and profiles for their NICs.
#include "network/attached.h"

#include "db/instances.h"
#include "db/networks.h"
#include "db/profiles.h"
#include "network/host.h"
#include "network/projects.h"

namespace network {
namespace {

using DevicesByProfile = std::map<std::pair<std::string, std::string>, const db::profiles::Row*>;

struct Snapshot {
  std::vector<db::profiles::Row> profiles;
  std::vector<db::instances::Row> instances;
};

Result<Snapshot> load(const Environment& env, const std::string& project) {
  return env.global.read([&](db::Tx& tx) -> Result<Snapshot> {
    db::instances::Filter filter;
    if (!project.empty()) filter.project = project;
    return Snapshot{TRY(db::profiles::load_all(tx)), TRY(db::instances::load_all(tx, filter))};
  });
}

/// Devices in order of application: profiles first to last, the instance's own last.
api::DevicesMap expand(const Environment& env, const db::instances::Row& instance, const DevicesByProfile& profiles) {
  api::DevicesMap devices;
  std::string home = env.projects.effective(instance.project, "profile").value_or("default");
  for (const std::string& name : instance.profiles) {
    auto profile = profiles.find({home, name});
    if (profile == profiles.end()) continue;
    for (const auto& [device, config] : profile->second->devices) devices[device] = config;
  }
  for (const auto& [device, config] : instance.devices) devices[device] = config;
  return devices;
}

AttachedNic nic_of(const db::instances::Row& instance, const std::string& device, const StringMap& config) {
  AttachedNic nic{instance.project, instance.name, device, instance.location, config, {}};
  std::string prefix = "volatile." + device + ".";
  for (auto it = instance.config.lower_bound(prefix); it != instance.config.end() && it->first.starts_with(prefix); ++it)
    nic.volatiles[it->first.substr(prefix.size())] = it->second;
  return nic;
}

Result<std::vector<AttachedNic>> devices_of(const Environment& env, const std::string& project, const StringList& types) {
  Snapshot snapshot = TRY(load(env, project));
  DevicesByProfile profiles;
  for (const auto& profile : snapshot.profiles) profiles[{profile.project, profile.name}] = &profile;
  std::vector<AttachedNic> nics;
  for (const auto& instance : snapshot.instances)
    for (const auto& [device, config] : expand(env, instance, profiles))
      if (contains(types, get_or(config, "type"))) nics.push_back(nic_of(instance, device, config));
  return nics;
}

std::string url(std::string_view kind, const std::string& name, const std::string& project) {
  std::string path = std::format("/1.0/{}/{}", kind, url_escape(name));
  return project == "default" ? path : path + "?project=" + url_escape(project);
}

bool in_project(const Environment& env, const std::string& project, const std::string& network_project, const std::string& network) {
  auto info = env.projects.get(project);
  return info && project_of(*info, network) == network_project;
}

}  // namespace

std::string AttachedNic::hwaddr() const {
  std::string fixed = get_or(config, "hwaddr");
  return to_lower(fixed.empty() ? get_or(volatiles, "hwaddr") : fixed);
}

Reservation reservation_of(const AttachedNic& nic) {
  auto address = [&](const char* key) {
    std::string value = get_or(nic.config, key);
    return value == "none" || value.find('/') != std::string::npos ? "" : value;
  };
  return {nic.project, nic.instance, nic.device, nic.hwaddr(), address("ipv4.address"), address("ipv6.address")};
}

bool uses_network(const StringMap& device, const std::string& name, std::string_view type) {
  if (get_or(device, "type") != "nic") return false;
  if (get_or(device, "network") == name) return true;
  if (type == "ovn") return false;
  std::string parent = get_or(device, "parent");
  return !parent.empty() && host_interface(parent, get_or(device, "vlan")) == name;
}

Result<std::vector<AttachedNic>> all_interfaces(const Environment& env) { return devices_of(env, "", {"nic", "infiniband"}); }

Result<std::vector<AttachedNic>> all_nics(const Environment& env, const std::string& instance_project) { return devices_of(env, instance_project, {"nic"}); }

Result<std::vector<AttachedNic>> attached_nics(const Environment& env, const Record& network, const std::string& instance_project) {
  std::vector<AttachedNic> nics;
  for (AttachedNic& nic : TRY(all_nics(env, instance_project)))
    if (uses_network(nic.config, network.name, network.type) && in_project(env, nic.project, network.project, network.name))
      nics.push_back(std::move(nic));
  return nics;
}

Result<std::shared_ptr<const Usage>> Usage::load(const Environment& env) {
  auto usage = std::make_shared<Usage>();
  for (const auto& row : TRY(env.global.read([](db::Tx& tx) { return db::networks::load_all(tx); })))
    usage->networks_.push_back({row.name, row.project, get_or(row.config, "network"), get_or(row.config, "parent")});
  Snapshot snapshot = TRY(network::load(env, ""));
  std::map<std::string, std::shared_ptr<const core::ProjectInfo>> infos;
  auto info_of = [&](const std::string& project) {
    auto& info = infos[project];
    if (auto found = info ? Result<core::ProjectInfo>(*info) : env.projects.get(project); !info && found)
      info = std::make_shared<core::ProjectInfo>(std::move(*found));
    return info;
  };
  auto add = [&](const char* kind, const std::string& name, const std::string& project, const api::DevicesMap& devices) {
    User user{kind, name, project, info_of(project), {}};
    for (const auto& [device, config] : devices)
      if (get_or(config, "type") == "nic") user.nics.push_back(config);
    if (user.info && !user.nics.empty()) usage->users_.push_back(std::move(user));
  };
  DevicesByProfile profiles;
  for (const auto& profile : snapshot.profiles) {
    profiles[{profile.project, profile.name}] = &profile;
    add("profiles", profile.name, profile.project, profile.devices);
  }
  for (const auto& instance : snapshot.instances) add("instances", instance.name, instance.project, expand(env, instance, profiles));
  return usage;
}

StringList Usage::users(const std::string& project, const std::string& name, const std::string& type, bool first_only) const {
  StringList urls;
  if (project == "default")
    for (const Uplink& other : networks_)
      if ((other.network == name || other.parent == name) && !(other.name == name && other.project == project))
        urls.push_back(url("networks", other.name, other.project));
  for (const User& user : users_) {
    if (first_only && !urls.empty()) break;
    if (project_of(*user.info, name) != project) continue;
    for (const StringMap& nic : user.nics)
      if (uses_network(nic, name, type)) {
        urls.push_back(url(user.kind, user.name, user.project));
        if (user.kind == "profiles") break;
      }
  }
  return urls;
}

}  // namespace network
