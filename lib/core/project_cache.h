// Projects with their config, kept in memory: almost every request asks for one. Reloaded when the database has changed.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/strings.h"
#include "db/database.h"

namespace core {

struct ProjectInfo {
  int64_t id = 0;
  std::string name;
  StringMap config;

  /// Does the project keep its own objects of that kind? ("features.images"; the default project keeps all.)
  bool has_feature(const std::string& key) const { return name == "default" || is_true(get_or(config, key)); }
};

/// Thread-safe; a reload is one small query.
class ProjectCache {
 public:
  explicit ProjectCache(db::Database& global) : global_(global) {}
  using Map = std::map<std::string, ProjectInfo>;
  Result<std::shared_ptr<const Map>> all();
  /// Errors: not_found: `Project not found`.
  Result<ProjectInfo> get(const std::string& name);
  /// The project whose objects `project` uses for an entity type ("profile", "image", "network", …): itself or "default".
  Result<std::string> effective(const std::string& project, std::string_view entity);

 private:
  db::Database& global_;
  std::mutex mutex_;
  uint64_t generation_ = 0;
  std::shared_ptr<const Map> projects_;
};

}  // namespace core
