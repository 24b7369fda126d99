#include "core/gate_entities.h"

#include "core/expand.h"
#include "db/instances.h"
#include "db/projects.h"
#include "db/volumes.h"

namespace core::gate {

bool has_limits_or_restrictions(const StringMap& config) {
  if (is_restricted(config)) return true;
  auto limit = config.lower_bound("limits.");
  return limit != config.end() && limit->first.starts_with("limits.");
}

Result<Entities> load_entities(db::Tx& tx, const std::string& project) {
  db::projects::Row row = TRY(db::projects::load(tx, project));
  Entities entities;
  entities.project = project;
  entities.config = row.config;
  entities.profiles = TRY(db::profiles::load_all(tx, row.has("profiles") ? project : "default"));
  for (db::instances::Row& instance : TRY(db::instances::load_all(tx, {.project = project}))) {
    entities.instances.push_back({instance.name, instance.type, std::move(instance.config), std::move(instance.devices), std::move(instance.profiles)});
  }
  for (db::volumes::Row& volume : TRY(db::volumes::load_all(tx, {.project = project, .type = db::VolumeType::custom}))) {
    entities.volumes.push_back({volume.name, volume.pool, std::move(volume.config)});
  }
  return entities;
}

Result<std::optional<Entities>> load_if_gated(db::Tx& tx, const std::string& project) {
  if (!has_limits_or_restrictions(TRY(db::projects::load(tx, project)).config)) return std::nullopt;
  return TRY(load_entities(tx, project));
}

void expand_members(Entities& entities) {
  std::map<std::string_view, const db::profiles::Row*> by_name;
  for (const auto& profile : entities.profiles) by_name[profile.name] = &profile;
  for (Member& member : entities.instances) {
    std::vector<const db::profiles::Row*> applied;
    for (const std::string& name : member.profiles) {
      if (auto found = by_name.find(name); found != by_name.end()) applied.push_back(found->second);
    }
    Expanded expanded = expand(applied, member.config, member.devices);
    member.config = std::move(expanded.config);
    member.devices = std::move(expanded.devices);
  }
}

}  // namespace core::gate
