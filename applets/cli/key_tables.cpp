#include "applets/cli/key_tables.h"

#include "core/project_keys.h"
#include "core/server_keys.h"
#include "device/device.h"
#include "device/nic/nic.h"
#include "device/services.h"
#include "instance/keys.h"
#include "network/types.h"
#include "storage/driver.h"
#include "storage/keys.h"

namespace cli {

namespace {

std::vector<config::Keys> device_keys(const KnownNames& names) {
  auto type = names.find("type");
  const device::Type* found = type == names.end() ? nullptr : device::find_type(type->second);
  if (!found) return {};
  return {found->keys({{"type", type->second}})};
}

std::vector<config::Keys> network_keys() {
  std::vector<config::Keys> list;
  for (const network::Type* type : network::types()) list.push_back(type->keys);
  return list;
}

/// The keys of the commands whose path starts so; the first row that fits counts.
struct Owner {
  std::string_view path;
  std::vector<config::Keys> (*keys)(const KnownNames& names);
};
constexpr Owner kOwners[] = {
    {"config device", device_keys},
    {"profile device", device_keys},
    {"config", [](const KnownNames& names) {
       if (names.contains("instance")) return std::vector{instance::keys()};
       return std::vector{core::server_keys(), instance::keys()};
     }},
    {"copy", [](const KnownNames&) { return std::vector{instance::keys()}; }},
    {"create", [](const KnownNames&) { return std::vector{instance::keys()}; }},
    {"launch", [](const KnownNames&) { return std::vector{instance::keys()}; }},
    {"move", [](const KnownNames&) { return std::vector{instance::keys()}; }},
    {"profile", [](const KnownNames&) { return std::vector{instance::keys()}; }},
    {"project", [](const KnownNames&) { return std::vector{core::project_keys()}; }},
    {"storage volume", [](const KnownNames&) { return std::vector{storage::volume_keys()}; }},
    {"storage bucket", [](const KnownNames&) { return std::vector<config::Keys>{}; }},
    {"storage", [](const KnownNames&) { return std::vector{storage::common_pool_keys()}; }},
    {"network create", [](const KnownNames&) { return network_keys(); }},
    {"network get", [](const KnownNames&) { return network_keys(); }},
    {"network set", [](const KnownNames&) { return network_keys(); }},
    {"network unset", [](const KnownNames&) { return network_keys(); }},
};

}  // namespace

std::vector<config::Keys> keys_of_command(std::string_view path, const KnownNames& names) {
  for (const Owner& owner : kOwners) {
    if (path == owner.path || path.starts_with(std::string(owner.path) + " ")) return owner.keys(names);
  }
  return {};
}

StringList device_type_names() {
  StringList names;
  for (const device::Type* type : device::types()) names.emplace_back(type->name);
  return names;
}

StringList pool_driver_names() { return storage::driver_names(); }

std::vector<KeyChapter> key_chapters() {
  std::vector<KeyChapter> chapters = {{"Server", core::server_keys()}, {"Instances and profiles", instance::keys()}, {"Projects", core::project_keys()}};
  for (const device::Type* type : device::types()) {
    std::string name(type->name);
    if (name == "nic" || name == "none") continue;
    chapters.push_back({"Devices of type " + name, type->keys({{"type", name}})});
  }
  for (const device::nic::Kind* kind : device::nic::kinds()) chapters.push_back({std::format("Network interfaces of nictype {}", kind->name), kind->keys});
  for (const network::Type* type : network::types()) chapters.push_back({std::format("Networks of type {}", type->name), type->keys});
  chapters.push_back({"Storage pools", storage::common_pool_keys()});
  chapters.push_back({"Storage volumes", storage::volume_keys()});
  return chapters;
}

}  // namespace cli
