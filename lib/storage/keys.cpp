#include "storage/keys.h"

#include "core/schedule.h"

namespace storage {

namespace {

Result<> check_expiry(std::string_view value) { return core::expiry_after(Timestamp::now(), value).transform([](Timestamp) {}); }

using config::Type;
constexpr config::Key kPoolKeys[] = {
    {.name = "rsync.bwlimit", .group = "common", .type = Type::size, .def = "`0` (no limit)", .scope = "global", .summary = "Most bytes a second that a transfer by rsync may use"},
    {.name = "rsync.compression", .group = "common", .type = Type::boolean, .def = "`true`", .scope = "global", .summary = "Compress what rsync sends when volumes migrate"},
    {.name = "source", .group = "common", .def = "-", .scope = "local", .summary = "Existing folder that holds the pool"},
    {.name = "source.wipe", .group = "common", .type = Type::boolean, .def = "`false`", .scope = "local", .summary = "Empty the source before the pool is made"},
    {.name = "volatile.initial_source", .group = "common", .scope = "local", .summary = "The source as it was given at creation"},
};

constexpr config::Key kVolumeKeys[] = {
    {.name = "dependent", .group = "common", .type = Type::boolean, .condition = "custom volume", .summary = "The volume belongs to the instance that uses it"},
    {.name = "initial.gid", .group = "common", .type = Type::integer, .def = "same as `volume.initial.gid` or `0`", .condition = "custom volume with content type `filesystem`", .summary = "Group that owns a new volume's root folder"},
    {.name = "initial.mode", .group = "common", .type = Type::integer, .def = "same as `volume.initial.mode` or `711`", .condition = "custom volume with content type `filesystem`", .summary = "Octal mode of a new volume's root folder"},
    {.name = "initial.uid", .group = "common", .type = Type::integer, .def = "same as `volume.initial.uid` or `0`", .condition = "custom volume with content type `filesystem`", .summary = "User that owns a new volume's root folder"},
    {.name = "security.shared", .group = "common", .type = Type::boolean, .def = "same as `volume.security.shared` or `false`", .condition = "custom block volume", .summary = "Let several instances use the volume at the same time"},
    {.name = "security.shifted", .group = "common", .type = Type::boolean, .def = "same as `volume.security.shifted` or `false`", .condition = "custom volume", .summary = "Show the same owners to every instance, whatever its ID map"},
    {.name = "security.unmapped", .group = "common", .type = Type::boolean, .def = "same as `volume.security.unmapped` or `false`", .condition = "custom volume", .summary = "Leave owners as they are on disk"},
    {.name = "size", .group = "common", .type = Type::size, .def = "same as `volume.size`", .condition = "appropriate driver", .summary = "Size or quota of the volume"},
    {.name = "snapshots.expiry", .group = "common", .def = "same as `volume.snapshots.expiry`", .condition = "custom volume", .summary = "Life span of new snapshots", .check = check_expiry},
    {.name = "snapshots.expiry.manual", .group = "common", .def = "same as `volume.snapshots.expiry.manual`", .condition = "custom volume", .summary = "Life span of snapshots made by hand", .check = check_expiry},
    {.name = "snapshots.pattern", .group = "common", .def = "same as `volume.snapshots.pattern` or `snap%d`", .condition = "custom volume", .summary = "Template of snapshot names"},
    {.name = "snapshots.schedule", .group = "common", .def = "same as `snapshots.schedule`", .condition = "custom volume", .summary = "When snapshots are made by themselves", .check = core::check_schedule},
    {.name = "volatile.idmap.last", .group = "volatile", .condition = "filesystem", .summary = "ID map the owners on disk were last shifted by"},
    {.name = "volatile.idmap.next", .group = "volatile", .condition = "filesystem", .summary = "ID map of the next use"},
};

/// Which volumes a key belongs to, beyond what its documentation says in words.
bool fits(std::string_view key, const Volume& volume) {
  bool custom = volume.type == VolumeType::custom;
  bool files = volume.content == ContentType::filesystem;
  if (key == "dependent") return custom;
  if (key.starts_with("initial.") || key == "security.shifted" || key == "security.unmapped") return custom && files;
  if (key == "security.shared") return custom && volume.content == ContentType::block;
  if (key.starts_with("volatile.idmap.")) return files;
  return true;
}

}  // namespace

config::Keys common_pool_keys() { return kPoolKeys; }
config::Keys volume_keys() { return kVolumeKeys; }

Result<> check_pool_config(const Driver& driver, const StringMap& config) {
  for (const auto& [name, value] : config) {
    if (name.starts_with("user.")) continue;
    const config::Key* key = config::find(common_pool_keys(), name);
    if (!key) key = config::find(driver.pool_keys(), name);
    if (!key && name.starts_with("volume.") && !name.starts_with("volume.volatile.") && name != "volume.dependent") {
      key = config::find(volume_keys(), name.substr(7));
    }
    if (!key) return fail(Code::invalid, "Invalid option {}", quote(name));
    TRY_CTX(config::validate(*key, value), "Invalid value for option {}", quote(name));
  }
  return {};
}

Result<> check_volume_config(const Volume& volume, const std::string& name, const StringMap& config) {
  for (const auto& [key_name, value] : config) {
    if (key_name.starts_with("user.")) continue;
    const config::Key* key = config::find(volume_keys(), key_name);
    if (!key || !fits(key_name, volume)) return fail(Code::invalid, "Invalid option for volume {} option {}", quote(name), quote(key_name));
    TRY_CTX(config::validate(*key, value), "Invalid value for volume {} option {}", quote(name), quote(key_name));
  }
  if (volume.type != VolumeType::custom && !get_or(config, "size").empty()) return fail(Code::invalid, "Volume \"size\" property is not valid for volume type");
  if (is_true(get_or(config, "security.unmapped")) && is_true(get_or(config, "security.shifted"))) {
    return fail(Code::invalid, "security.unmapped and security.shifted are mutually exclusive");
  }
  return {};
}

StringMap with_defaults(const Volume& volume, const StringMap& pool_config, StringMap config) {
  for (const auto& [name, value] : pool_config) {
    if (!name.starts_with("volume.")) continue;
    std::string key = name.substr(7);
    if (volume.type != VolumeType::custom && (key == "size" || key.starts_with("snapshots."))) continue;
    if (fits(key, volume)) config.try_emplace(key, value);
  }
  // A disk has to have some size.
  if (volume.type == VolumeType::custom && volume.content == ContentType::block) config.try_emplace("size", "10GiB");
  return config;
}

}  // namespace storage
