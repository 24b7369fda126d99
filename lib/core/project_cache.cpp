#include "core/project_cache.h"

namespace core {
namespace {

/// The feature key that decides about an entity type; empty for types that always are the project's own.
std::string_view feature_key(std::string_view entity) {
  struct Row {
    std::string_view entity, key;
  };
  static constexpr Row kRows[] = {
      {"profile", "features.profiles"},        {"image", "features.images"},         {"image_alias", "features.images"},
      {"network", "features.networks"},        {"network_acl", "features.networks"}, {"network_address_set", "features.networks"},
      {"network_zone", "features.networks.zones"}, {"storage_volume", "features.storage.volumes"},
      {"storage_bucket", "features.storage.buckets"},
  };
  for (const Row& row : kRows) {
    if (row.entity == entity) return row.key;
  }
  return "";
}

}  // namespace

Result<std::shared_ptr<const ProjectCache::Map>> ProjectCache::all() {
  std::lock_guard guard(mutex_);
  uint64_t generation = global_.generation();
  if (projects_ && generation == generation_) return projects_;
  auto loaded = TRY(global_.read([](db::Tx& tx) -> Result<Map> {
    Map map;
    TRY(tx.query("SELECT p.id, p.name, c.key, c.value FROM projects p LEFT JOIN projects_config c ON c.project_id = p.id", {},
                 [&](const db::Row& row) -> Result<> {
                   ProjectInfo& info = map[row.text(1)];
                   info.id = row.integer(0);
                   info.name = row.text(1);
                   if (!row.is_null(2)) info.config[row.text(2)] = row.text(3);
                   return {};
                 }));
    return map;
  }));
  projects_ = std::make_shared<const Map>(std::move(loaded));
  generation_ = generation;
  return projects_;
}

Result<ProjectInfo> ProjectCache::get(const std::string& name) {
  auto map = TRY(all());
  auto found = map->find(name);
  if (found == map->end()) return fail(Code::not_found, "Project not found");
  return found->second;
}

Result<std::string> ProjectCache::effective(const std::string& project, std::string_view entity) {
  std::string_view key = feature_key(entity);
  if (key.empty()) return project;
  ProjectInfo info = TRY(get(project));
  return info.has_feature(std::string(key)) ? project : "default";
}

}  // namespace core
