// The image store: image files under images/, their rows, and where they come from. What is done to images lives in files by action.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "api/types/image.h"
#include "api/types/instance.h"
#include "core/event.h"
#include "core/paths.h"
#include "db/images.h"

namespace core { class Operation; class ProjectCache; }

namespace image {

struct Services {
  const core::Paths& paths;
  db::Database& global;
  core::Events& events;
  core::ProjectCache& projects;
  std::function<StringMap()> server_config;
};

/// On whose behalf, and in which operation, something is done.
struct Job {
  const Context& ctx;
  core::Requestor requestor = {};
  core::Operation* operation = nullptr;  ///< for progress; may be null
};

/// Thread-safe. `project` is always the project that holds the images (ProjectCache::effective(…, "image")).
class Store {
 public:
  explicit Store(Services services) : services_(std::move(services)) {}
  static std::unique_ptr<Store> create(Services services) { return std::make_unique<Store>(std::move(services)); }

  Services& services() { return services_; }
  std::string folder() const { return services_.paths.in_var("images"); }
  /// The metadata (or whole) file; the root file system of split images is beside it, as "<path>.rootfs".
  std::string path(const std::string& fingerprint) const { return folder() + "/" + fingerprint; }

  /// The local image an alias or a fingerprint (or its beginning) names. Errors: not_found, invalid (ambiguous).
  Result<db::images::Row> find(const std::string& project, const std::string& name);
  /// The image an instance is to be made from: local, or downloaded (and then marked as cached) where the source names a server.
  /// Counts as use. Errors: not_found `Image not found`, those of downloads. Blocks for as long as a download takes.
  Result<db::images::Row> obtain(const Job& job, const std::string& project, const api::InstanceSource& source, db::InstanceType type);
  /// Stores the row of an image whose files are in place, its aliases, and tells about it.
  /// Errors: conflict `Image with same fingerprint already exists`, `Alias already exists: x`; not_found (profile).
  Result<> add(const Job& job, const db::images::Row& row, const std::vector<api::ImageAlias>& aliases);
  Result<> add_aliases(const Job& job, const std::string& project, const std::string& fingerprint, const std::vector<api::ImageAlias>& aliases);
  /// Deletes the row, and the files if no other project has the image. Errors: not_found.
  Result<> remove(const Job& job, const db::images::Row& row);
  /// Removes what uploads and downloads left behind when the daemon was killed.
  void sweep();

  /// Called after the last row of a fingerprint went: pools drop what they keep of it.
  std::function<void(const std::string& fingerprint)> on_gone;

 private:
  Services services_;
};

/// "/1.0/images/<fingerprint>" with its project.
std::string image_url(const std::string& fingerprint, const std::string& project);
std::string alias_url(const std::string& name, const std::string& project);

}  // namespace image
