// The one place where project limits (limits.*) and restrictions (restricted.*) are judged, always on the final, merged config.
// All functions run in the caller's transaction, before the change is written. Errors are invalid unless said otherwise.
#pragma once
#include <optional>

#include "api/types/profile.h"
#include "api/types/project.h"
#include "db/codes.h"
#include "db/database.h"

namespace core::gate {

/// An instance as it will be, whatever way it comes (create, update, copy, import, migration, restore).
struct InstanceChange {
  std::string project;
  std::string name;
  db::InstanceType type = db::InstanceType::container;
  StringMap config;         ///< its own keys, volatile.* included
  api::DevicesMap devices;  ///< its own devices
  StringList profiles;
  bool is_new = false;
  std::string replaces;      ///< a new one in the place of this one (a move): that one isn't counted
  StringMap current_config;  ///< what is stored now: users can't change some volatile.* keys of an existing instance
};
Result<> check_instance(db::Tx& tx, const InstanceChange& change);

/// What a request for a new instance may ask for, before the server adds what it makes up itself.
struct InstanceRequest {
  std::string project, name;
  db::InstanceType type = db::InstanceType::container;
  StringMap config;
  std::string source_type, source_mode, source_server;
};
Result<> check_request(db::Tx& tx, const InstanceRequest& request);

/// A copy or migration into `project` may not bring volatile.* keys that restricted projects can't set: drops those. Nothing
/// happens in projects that allow low-level keys.
Result<StringMap> strip_forbidden_volatile(db::Tx& tx, const std::string& project, db::InstanceType type, StringMap config);

/// A custom volume as it will be. A new one is counted in addition to those stored.
struct VolumeChange {
  std::string project, pool, name;
  StringMap config;
  bool is_new = false;
  std::string source_type, source_mode;
};
Result<> check_volume(db::Tx& tx, const VolumeChange& change);

/// `put`: config and devices as they will be; instances using the profile are judged with it. A new profile likewise.
Result<> check_profile(db::Tx& tx, const std::string& project, const std::string& name, const api::ProfilePut& put);
/// May `project` get `config`? `changed` names the keys that differ from what is stored.
Result<> check_project_update(db::Tx& tx, const std::string& project, const StringMap& config, const StringList& changed);

/// restricted.backups, restricted.snapshots.
Result<> check_backup(db::Tx& tx, const std::string& project);
Result<> check_snapshot(db::Tx& tx, const std::string& project);
/// limits.networks, for one more network.
Result<> check_network_count(db::Tx& tx, const std::string& project);
/// restricted.images.servers against the host of `url`.
Result<> check_image_server(db::Tx& tx, const std::string& project, const std::string& url);

/// Bytes of limits.disk that are left; nothing where there is no limit. For images: nothing too where they live in the default project.
Result<std::optional<int64_t>> space_budget(db::Tx& tx, const std::string& project);
Result<std::optional<int64_t>> image_space_budget(db::Tx& tx, const std::string& project);

/// GET /1.0/projects/NAME/state.
Result<api::ProjectState> usage(db::Tx& tx, const std::string& project);

/// Questions about a project's config alone.
bool is_restricted(const StringMap& project_config);
/// The value of a restricted.* key, or its default.
std::string restriction(const StringMap& project_config, const std::string& key);
bool pool_allowed(const StringMap& project_config, const std::string& pool);
bool network_allowed(const StringMap& project_config, const std::string& network, bool managed);
/// restricted.devices.disk.paths: the allowed parent of `source`; "" where every path is allowed; nothing if it is forbidden.
std::optional<std::string> disk_path_allowed(const StringMap& project_config, const std::string& source);

}  // namespace core::gate
