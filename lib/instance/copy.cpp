// Copies of instances and snapshots, whole or brought up to date, and moves made of them.
#include "base/encode.h"
#include "base/log.h"
#include "core/operation.h"
#include "instance/backup_file.h"
#include "instance/create.h"
#include "instance/dependent.h"
#include "instance/devices.h"
#include "instance/move.h"
#include "instance/remove.h"
#include "instance/snapshot.h"
#include "instance/update.h"
#include "instance/volume.h"
#include "instance/unfinished.h"

namespace instance {
namespace {

/// What a copy is made of: an instance, or one snapshot of it.
struct Source {
  InstancePtr instance;
  ViewPtr view;
  std::string snapshot;  ///< empty: the instance itself

  const StringMap& config() const { return snapshot.empty() ? view->row.config : view->snapshot(snapshot)->config; }
  const api::DevicesMap& devices() const { return snapshot.empty() ? view->row.devices : view->snapshot(snapshot)->devices; }
  storage::VolumeRef volume() const { return snapshot.empty() ? volume_of(*view) : snapshot_volume_of(*view, snapshot); }
};

Result<Source> find_source(Manager& manager, const CopyOptions& options) {
  StringList parts = split(options.source, '/', 2);
  Source out;
  out.instance = TRY(manager.find(options.source_project, parts[0]));
  out.view = out.instance->view();
  if (parts.size() > 1) {
    out.snapshot = parts[1];
    if (!out.view->snapshot(out.snapshot)) return fail(Code::not_found, "Instance snapshot not found");
  }
  return out;
}

void inherit(db::instances::Row& row, const Source& source, bool keep_volatile) {
  for (const auto& [key, value] : source.config()) {
    if (!keep_volatile && !copied(key, false)) continue;
    row.config.try_emplace(key, value);
  }
  for (const auto& [name, device] : source.devices()) row.devices.try_emplace(name, device);
  row.architecture = source.view->row.architecture;
  row.type = source.view->row.type;
}

/// A snapshot's devices name the pool it was made in: in the copy it is the copy's.
api::DevicesMap rooted(api::DevicesMap devices, const RootDisk& root) {
  auto own = root_disk(devices);
  if (own) devices[own->device]["pool"] = root.pool;
  return devices;
}

Result<> add_snapshot_rows(Manager& manager, const InstancePtr& target, const View& source, const StringList& names) {
  ViewPtr view = target->view();
  RootDisk root = TRY(root_disk(view->devices));
  return manager.services().global.write([&](db::Tx& tx) -> Result<> {
    for (const std::string& name : names) {
      db::snapshots::Row row = *source.snapshot(name);
      row.instance_id = view->row.id;
      row.devices = rooted(row.devices, root);
      TRY(db::snapshots::create(tx, row));
    }
    return {};
  });
}

/// A snapshot never changes, and who asked for a copy as it comes gets it.
Result<std::shared_ptr<void>> hold_source(const Context& ctx, const Source& source, storage::Pool& pool, const CopyOptions& options) {
  if (!source.snapshot.empty() || options.allow_inconsistent) return nullptr;
  return hold_still(ctx, source.instance, pool);
}

storage::Progress progress_of(const Job& job) {
  core::Operation* operation = job.operation;
  if (!operation) return {};
  return [operation](int64_t done, int64_t total) {
    if (total > 0) operation->progress("fs", std::format("{}%", done * 100 / total), static_cast<int>(done * 100 / total), 0);
  };
}

Result<InstancePtr> full_copy(const Job& job, Manager& manager, db::instances::Row row, const Source& source, const CopyOptions& options) {
  Reverter undo;
  StringList names;
  if (!options.instance_only && source.snapshot.empty())
    for (const db::snapshots::Row& snapshot : source.view->snapshots) names.push_back(snapshot.name);
  TRY(copy_dependents(job.ctx, manager.services(), *source.view, source.snapshot, row, !names.empty(), undo));
  bool move_inside = options.keep_volatile && options.source_project == row.project;
  InstancePtr target = TRY(create_record(job, manager, std::move(row), {.replaces = move_inside ? source.view->row.name : ""}, undo));
  TRY(add_snapshot_rows(manager, target, *source.view, names));
  ViewPtr view = target->view();
  auto pool = TRY_CTX(pool_of(manager.services(), *view), "Failed loading instance storage pool");
  auto source_pool = TRY_CTX(pool_of(manager.services(), *source.view), "Failed loading source storage pool");
  auto still = TRY(hold_source(job.ctx, source, *source_pool, options));
  TRY_CTX(pool->create_copy(job.ctx, volume_of(*view), {}, *source_pool, source.volume(), !names.empty(), progress_of(job)), "Create instance from copy");
  still.reset();
  undo.add("remove volume", [pool, ref = volume_of(*view)](const Context& ctx) { return pool->remove(ctx, ref); });
  if (view->type() == Type::virtual_machine) TRY(apply_size(job.ctx, *pool, *view));
  target = TRY(manager.reload(view->row.id));
  TRY(link_volume(target));
  if (options.apply_template) TRY(target->volatile_set({{"volatile.apply_template", "copy"}}));
  TRY(write_backup_file(job.ctx, target));
  clear_unfinished(manager.services(), target->view()->row.id);
  undo.commit();
  return target;
}

/// Snapshots the target has to get (unknown there, or older ones of the same name replaced), after dropping those the source no longer has.
Result<StringList> sync_snapshots(const Job& job, const InstancePtr& target, const View& source, bool exclude_older) {
  StringList missing;
  ViewPtr view = target->view();
  Timestamp newest;
  for (const db::snapshots::Row& row : view->snapshots) newest = std::max(newest, row.created_at);
  for (const db::snapshots::Row& row : view->snapshots) {
    const db::snapshots::Row* match = source.snapshot(row.name);
    if (!match || match->created_at != row.created_at) TRY(remove_snapshot(job, target, row.name));
  }
  for (const db::snapshots::Row& row : source.snapshots) {
    const db::snapshots::Row* match = view->snapshot(row.name);
    bool same = match && match->created_at == row.created_at;
    if (!same && !(exclude_older && row.created_at < newest)) missing.push_back(row.name);
  }
  return missing;
}

Result<InstancePtr> refresh(const Job& job, Manager& manager, const InstancePtr& target, const Source& source, const CopyOptions& options) {
  if (target->running()) return fail(Code::invalid, "Cannot refresh a running instance");
  bool snapshots = !options.instance_only && source.snapshot.empty();
  StringList missing;
  if (snapshots) missing = TRY(sync_snapshots(job, target, *source.view, options.refresh_exclude_older));
  TRY(add_snapshot_rows(manager, target, *source.view, missing));
  ViewPtr view = target->view();
  auto pool = TRY(pool_of(manager.services(), *view));
  auto source_pool = TRY(pool_of(manager.services(), *source.view));
  auto still = TRY(hold_source(job.ctx, source, *source_pool, options));
  TRY_CTX(pool->refresh_copy(job.ctx, volume_of(*view), *source_pool, source.volume(), snapshots, progress_of(job)), "Refresh instance");
  still.reset();
  TRY(refresh_dependents(job.ctx, manager.services(), *source.view, *view, snapshots));
  InstancePtr out = TRY(manager.reload(view->row.id));
  TRY(link_volume(out));
  // The files are owned as those of the source are.
  if (view->type() == Type::container) TRY(out->volatile_set({{"volatile.last_state.idmap", get_or(source.config(), "volatile.last_state.idmap", "[]")}}));
  TRY(write_backup_file(job.ctx, out));
  return out;
}

/// A name nobody else has while an instance changes pools under its own.
std::string temporary_name(const std::string& uuid) { return "move-of-" + replace_all(uuid.empty() ? random_uuid() : uuid, "-", "").substr(0, 20); }

Result<db::instances::Row> moved_row(const View& view, const MoveOptions& options, const std::string& name) {
  db::instances::Row row = view.row;
  row.project = options.project;
  row.name = name;
  for (const auto& [key, value] : options.config) row.config[key] = value;
  for (const auto& [device, config] : options.devices) row.devices[device] = config;
  if (options.profiles) row.profiles = *options.profiles;
  // Profiles of another project may say another pool, or none: the instance keeps its own.
  if (!options.pool.empty() || options.project != view.row.project) {
    RootDisk root = TRY(root_disk(view.devices));
    StringMap device = row.devices.contains(root.device) ? row.devices[root.device] : root.config;
    if (!options.pool.empty()) device["pool"] = options.pool;
    device.try_emplace("pool", root.pool);
    row.devices[root.device] = device;
  }
  return row;
}

}  // namespace

Result<InstancePtr> create_copy(const Job& job, Manager& manager, db::instances::Row row, const CopyOptions& options) {
  Source source = TRY(find_source(manager, options));
  auto existing = options.refresh ? manager.find(row.project, row.name) : Result<InstancePtr>(fail(Code::not_found, ""));
  if (existing) {
    auto lock = TRY(source.instance->lock(job.ctx));
    return refresh(job, manager, *existing, source, options);
  }
  inherit(row, source, options.keep_volatile);
  auto lock = TRY(source.instance->lock(job.ctx));
  return full_copy(job, manager, std::move(row), source, options);
}

Result<> move(const Job& job, const InstancePtr& instance, const MoveOptions& options) {
  ViewPtr view = instance->view();
  Manager& manager = instance->manager();
  if (instance->running()) return fail(Code::invalid, "Instance must be stopped to be moved statelessly");
  bool elsewhere = options.project != view->row.project;
  if (elsewhere && manager.find(options.project, options.name)) return fail(Code::conflict, "Instance {} already exists", quote(options.name));
  std::string name = elsewhere ? options.name : temporary_name(get_or(view->row.config, "volatile.uuid"));
  db::instances::Row row = TRY(moved_row(*view, options, name));
  CopyOptions copy{.source_project = view->row.project, .source = view->row.name, .instance_only = options.instance_only, .keep_volatile = true, .apply_template = false};
  InstancePtr target = TRY(create_copy(job, manager, std::move(row), copy));
  auto removed = remove(job, instance, true);
  if (!removed) {
    if (auto undone = remove(job, target, true); !undone) log_error("Failed removing a half-moved instance", {{"instance", target->full_name()}, {"error", undone.error().message()}});
    return std::unexpected(std::move(removed).error().wrap("Failed deleting the source instance"));
  }
  if (!elsewhere) return rename(job, target, options.name, false);
  View nothing;
  nothing.row = target->view()->row;
  TRY(change_devices(job.ctx, target, nothing));
  return {};
}

}  // namespace instance
