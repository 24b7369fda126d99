#include "instance/backup_file.h"

#include "api/yaml.h"
#include "core/project_cache.h"
#include "db/pools.h"
#include "db/profiles.h"
#include "db/volumes.h"
#include "instance/render.h"
#include "instance/volume.h"
#include "storage/describe.h"

namespace instance {
namespace {

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
    out["pool"] = api::to_json(storage::to_api(pool));
    out["profiles"] = TRY(profiles_of(tx, profile_project, view->row.profiles));
    auto volume = db::volumes::load(tx, pool.id, view->row.project, db::volume_type_of(view->row.type), view->row.name);
    if (!volume) return volume.error().code() == Code::not_found ? Result<>() : std::unexpected(volume.error());
    out.update(TRY(storage::describe_volume(tx, *volume, true)));
    size_t volume_snapshots = out.contains("volume_snapshots") ? out["volume_snapshots"].size() : 0;
    if (volume_snapshots != view->snapshots.size())
      return fail(Code::internal, "Instance snapshot record count doesn't match instance snapshot volume record count");
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
