#include "applets/cli/key_tables.h"

#include "schema/schema.h"

namespace cli {

namespace {

/// What the keys of the commands whose path starts so configure (schema::Table::kind); the first row that fits counts.
struct Owner {
  std::string_view path;
  std::string_view kind;
};
constexpr Owner kOwners[] = {
    {"config device", "device"}, {"profile device", "device"}, {"config", "server"},      {"copy", "instance"},           {"create", "instance"},
    {"launch", "instance"},      {"move", "instance"},         {"profile", "instance"},   {"project", "project"},         {"storage volume", "volume"},
    {"storage bucket", ""},      {"storage", "pool"},          {"network create", "network"}, {"network get", "network"}, {"network set", "network"},
    {"network unset", "network"},
};

}  // namespace

std::vector<config::Keys> keys_of_command(std::string_view path, const KnownNames& names) {
  std::string_view kind;
  for (const Owner& owner : kOwners) {
    if (path != owner.path && !path.starts_with(std::string(owner.path) + " ")) continue;
    kind = owner.kind;
    break;
  }
  if (kind.empty()) return {};
  std::vector<config::Keys> list;
  if (kind == "device") {
    auto type = names.find("type");
    if (type != names.end()) list.push_back(schema::keys(kind, type->second));
  } else if (kind == "network") {
    for (const std::string& type : schema::types(kind)) list.push_back(schema::keys(kind, type));
  } else {
    bool of_instance = kind == "server" && names.contains("instance");
    if (!of_instance) list.push_back(schema::keys(kind));
    if (kind == "server") list.push_back(schema::keys("instance"));
  }
  return list;
}

std::vector<KeyChapter> key_chapters() {
  static constexpr std::pair<std::string_view, std::string_view> kTitles[] = {
      {"server", "Server"}, {"instance", "Instances and profiles"}, {"project", "Projects"},   {"device", "Devices of type "},
      {"gpu", "Graphics cards of gputype "}, {"nic", "Network interfaces of nictype "}, {"network", "Networks of type "}, {"pool", "Storage pools"}, {"volume", "Storage volumes"}};
  std::vector<KeyChapter> chapters;
  for (const schema::Table& table : schema::tables()) {
    bool doubled = table.kind == "device" && (table.type == "nic" || table.type == "gpu");  // each of their kinds has a chapter of its own
    if (table.keys.empty() || doubled) continue;
    for (const auto& [kind, title] : kTitles) {
      if (kind == table.kind) chapters.push_back({std::string(title) + table.type, table.keys});
    }
  }
  return chapters;
}

}  // namespace cli
