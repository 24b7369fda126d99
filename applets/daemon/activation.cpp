#include "applets/daemon/activation.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/log.h"
#include "core/expand.h"
#include "core/project_cache.h"
#include "db/config.h"
#include "db/instances.h"
#include "db/volumes.h"
#include "instance/instance.h"

namespace incusd {
namespace {

/// The database at `path`, if there is one. Not opened as the daemon does: nothing must be migrated here.
Result<std::unique_ptr<db::Database>> open_existing(const std::string& path, const char* which) {
  if (!std::filesystem::exists(path)) {
    log_debug(std::format("No {} database, so no need to start the daemon now", which));
    return nullptr;
  }
  return db::Database::open(path);
}

/// An instance's expanded config.
StringMap config_of(core::ProjectCache& projects, const std::vector<db::profiles::Row>& profiles, const db::instances::Row& row) {
  std::string home = projects.effective(row.project, "profile").value_or("default");
  std::vector<const db::profiles::Row*> applied;
  for (const std::string& name : row.profiles)
    for (const auto& profile : profiles)
      if (profile.project == home && profile.name == name) applied.push_back(&profile);
  return core::expand(applied, row.config, row.devices).config;
}

bool starts_by_itself(const StringMap& config) {
  std::string autostart = get_or(config, "boot.autostart");
  if (autostart.empty() || autostart == "last-state") return get_or(config, "volatile.last_state.power") == "RUNNING";
  return is_true(autostart);
}

Result<std::string> instance_reason(const core::Paths& paths, db::Database& global) {
  core::ProjectCache projects(global);
  std::vector<db::profiles::Row> profiles;
  std::vector<db::instances::Row> rows;
  TRY(global.read([&](db::Tx& tx) -> Result<> {
    profiles = TRY(db::profiles::load_all(tx));
    rows = TRY(db::instances::load_all(tx));
    return {};
  }));
  for (const db::instances::Row& row : rows) {
    StringMap config = config_of(projects, profiles, row);
    if (starts_by_itself(config)) return "Daemon has auto-started instances, activating...";
    if (instance::runs_unwatched(paths, row.project, row.name)) return "Daemon has running instances, activating...";
    if (!get_or(config, "snapshots.schedule").empty()) return "Daemon has scheduled instance snapshots, activating...";
  }
  return "";
}

Result<bool> has_scheduled_volumes(db::Database& global) {
  return global.read([](db::Tx& tx) -> Result<bool> {
    for (const auto& volume : TRY(db::volumes::load_all(tx, {.type = db::VolumeType::custom})))
      if (!get_or(volume.config, "snapshots.schedule").empty()) return true;
    return false;
  });
}

}  // namespace

Result<std::string> activation_reason(const core::Paths& paths) {
  auto local = TRY(open_existing(paths.in_var("database/local.db"), "local"));
  if (!local) return "";
  StringMap config = TRY(local->read([](db::Tx& tx) { return db::config::load(tx); }));
  if (!get_or(config, "core.https_address").empty()) return "Daemon has core.https_address set, activating...";
  auto global = TRY(open_existing(paths.in_var("database/global/db.bin"), "global"));
  if (!global) return "";
  std::string reason = TRY(instance_reason(paths, *global));
  if (!reason.empty()) return reason;
  if (TRY(has_scheduled_volumes(*global))) return "Daemon has scheduled volume snapshots, activating...";
  log_debug("No need to start the daemon now");
  return "";
}

}  // namespace incusd
