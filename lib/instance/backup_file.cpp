#include "instance/backup_file.h"

#include "api/types/storage_pool_volume.h"
#include "api/types/storage_pool_volume_snapshot.h"
#include "api/yaml.h"
#include "core/project_cache.h"
#include "db/pools.h"
#include "db/profiles.h"
#include "db/volumes.h"
#include "instance/render.h"
#include "instance/volume.h"

namespace instance {
namespace {

api::StoragePool pool_of_row(const db::pools::Row& row) {
  api::StoragePool out;
  static_cast<api::StoragePoolPut&>(out) = row;
  out.name = row.name;
  out.driver = row.driver;
  out.status = db::name_of(row.state);
  out.locations = {"none"};
  return out;
}

api::StorageVolume volume_of_row(const db::volumes::Row& row) {
  api::StorageVolume out;
  out.config = row.config;
  out.description = row.description;
  out.name = row.name;
  out.type = db::name_of(row.type);
  out.content_type = db::name_of(row.content_type);
  out.location = "none";
  out.project = row.project;
  out.created_at = row.created_at;
  return out;
}

Result<Json> snapshots_of(db::Tx& tx, int64_t volume_id) {
  Json out = Json::array();
  for (const db::volumes::SnapshotRow& row : TRY(db::volumes::load_snapshots(tx, volume_id))) {
    api::StorageVolumeSnapshot snapshot;
    snapshot.name = row.name;
    snapshot.description = row.description;
    snapshot.config = row.config;
    snapshot.created_at = row.created_at;
    if (!row.expires_at.is_zero()) snapshot.expires_at = row.expires_at;
    out.push_back(api::to_json(snapshot));
  }
  return out;
}

Result<Json> profiles_of(db::Tx& tx, const std::string& project, const StringList& names) {
  Json out = Json::array();
  for (const std::string& name : names) {
    db::profiles::Row row = TRY(db::profiles::load(tx, project, name));
    api::Profile profile;
    static_cast<api::ProfilePut&>(profile) = row;
    profile.name = row.name;
    profile.project = row.project;
    out.push_back(api::to_json(profile));
  }
  return out;
}

}  // namespace

Result<Json> describe(const InstancePtr& instance) {
  ViewPtr view = instance->view();
  RootDisk root = TRY(root_disk(view->devices));
  std::string profile_project = TRY(instance->services().projects.effective(view->row.project, "profile"));
  Json out = {{"container", api::to_json(render(*view, instance->status()))}};
  Json snapshots = Json::array();
  for (const db::snapshots::Row& snapshot : view->snapshots) snapshots.push_back(api::to_json(render_snapshot(*view, snapshot)));
  if (!snapshots.empty()) out["snapshots"] = snapshots;
  TRY(instance->services().global.read([&](db::Tx& tx) -> Result<> {
    db::pools::Row pool = TRY(db::pools::load(tx, root.pool));
    out["pool"] = api::to_json(pool_of_row(pool));
    out["profiles"] = TRY(profiles_of(tx, profile_project, view->row.profiles));
    auto volume = db::volumes::load(tx, pool.id, view->row.project, db::volume_type_of(view->row.type), view->row.name);
    if (!volume) return volume.error().code() == Code::not_found ? Result<>() : std::unexpected(volume.error());
    out["volume"] = api::to_json(volume_of_row(*volume));
    Json volume_snapshots = TRY(snapshots_of(tx, volume->id));
    if (!volume_snapshots.empty()) out["volume_snapshots"] = volume_snapshots;
    return {};
  }));
  return out;
}

Result<> write_backup_file(const Context& ctx, const InstancePtr& instance) {
  Json document = TRY(describe(instance));
  storage::Mounted mounted = TRY(mount_volume(ctx, instance));
  return write_file_atomic(mounted.path + "/backup.yaml", api::dump_yaml(document), 0400);
}

}  // namespace instance
