#include "instance/rebuild.h"

#include "instance/backup_file.h"
#include "instance/driver.h"
#include "instance/update.h"
#include "instance/volume.h"

namespace instance {
namespace {

/// The config that goes with the new content: nothing of the old image stays.
Result<db::instances::Row> rebuilt_row(Manager& manager, const View& view, const std::optional<db::images::Row>& image) {
  db::instances::Row row = view.row;
  std::erase_if(row.config, [](const auto& item) { return item.first.starts_with("image.") || item.first == "volatile.base_image"; });
  row.config.erase("volatile.apply_template");
  if (image) {
    for (const auto& [key, value] : image->properties) row.config["image." + key] = value;
    row.config["volatile.base_image"] = image->fingerprint;
    row.config["volatile.uuid.generation"] = get_or(row.config, "volatile.uuid");
    row.config["volatile.apply_template"] = "create";
  }
  for (auto& [key, value] : TRY(manager.driver(view.type()).host_keys(row.id, view.config))) row.config[key] = value;
  if (row.config.contains("volatile.last_state.idmap")) row.config["volatile.last_state.idmap"] = "[]";
  return row;
}

}  // namespace

Result<> rebuild(const Job& job, const InstancePtr& instance, const std::optional<db::images::Row>& image) {
  auto lock = TRY(instance->lock(job.ctx));
  if (instance->running()) return fail(Code::invalid, "Instance must be stopped to be rebuilt");
  ViewPtr view = instance->view();
  if (!view->snapshots.empty()) return fail(Code::invalid, "Cannot remove an instance volume that has snapshots");
  Manager& manager = instance->manager();
  db::instances::Row row = TRY(rebuilt_row(manager, *view, image));
  RootDisk root = TRY(root_disk(view->devices));
  auto pool = TRY(pool_of(manager.services(), *view));
  storage::VolumeRef volume = volume_of(*view);
  TRY(pool->remove(job.ctx, volume));
  StringMap config = new_volume_config(*view, root);
  TRY(image ? pool->create_from_image(job.ctx, volume, config, image->fingerprint, {}) : pool->create_empty(job.ctx, volume, config, ""));
  TRY(apply_size(job.ctx, *pool, *view));
  if (!image) TRY(instance->driver().made_empty(job.ctx, instance));
  TRY(update_locked(job, instance, row, false));
  return {};
}

}  // namespace instance
