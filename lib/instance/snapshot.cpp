#include "instance/snapshot.h"

#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "core/gate.h"
#include "core/operation.h"
#include "core/schedule.h"
#include "imagefmt/template.h"
#include "instance/backup_file.h"
#include "instance/create.h"
#include "instance/dependent.h"
#include "instance/power.h"
#include "instance/state_room.h"
#include "instance/update.h"
#include "instance/volume.h"

namespace instance {
namespace {

std::string snapshot_url(const Instance& instance, const std::string& name) {
  ViewPtr view = instance.view();
  std::string out = "/1.0/instances/" + url_escape(view->row.name) + "/snapshots/" + url_escape(name);
  if (view->row.project != "default") out += "?project=" + url_escape(view->row.project);
  return out;
}

void event(const Instance& instance, const Job& job, const std::string& action, const std::string& name, Json context = nullptr) {
  ViewPtr view = instance.view();
  instance.services().events.lifecycle(view->row.project, action, snapshot_url(instance, name), job.requestor, std::move(context),
                                       view->row.name + "/" + name);
}

Result<db::snapshots::Row> row_of(const InstancePtr& instance, const std::string& name) {
  const ViewPtr view = instance->view();
  const db::snapshots::Row* row = view->snapshot(name);
  if (!row) return fail(Code::not_found, "Instance snapshot not found");
  return *row;
}

/// The registry, the links and backup.yaml after a change of the list of snapshots.
void refresh(const Context& ctx, const InstancePtr& instance) {
  if (auto reloaded = instance->manager().reload(instance->id()); !reloaded) log_error("Failed loading snapshots", {{"error", reloaded.error().message()}});
  if (auto linked = link_volume(instance); !linked) log_warn("Failed linking snapshots", {{"error", linked.error().message()}});
  if (auto written = write_backup_file(ctx, instance); !written) log_warn("Failed to write backup file", {{"error", written.error().message()}});
}

db::instances::Row restored_row(const View& view, const db::snapshots::Row& snapshot, const RestoreOptions& options) {
  db::instances::Row row = view.row;
  row.stateful = options.stateful;
  if (!options.disk_only) {
    row.config = snapshot.config;
    row.devices = snapshot.devices;
    row.description = snapshot.description;
  }
  // What belongs to the instance and not to a moment of it.
  for (const char* key : {"volatile.uuid", "volatile.last_state.power"}) {
    std::string value = get_or(view.row.config, key);
    if (!value.empty()) row.config[key] = value;
  }
  row.config["volatile.uuid.generation"] = random_uuid();
  return row;
}

Result<> check_stateful(const InstancePtr& instance) {
  if (!instance->running()) return fail(Code::invalid, "Unable to create a stateful snapshot. The instance isn't running");
  if (instance->view()->type() == Type::container) return fail(Code::invalid, "Stateful snapshots of containers need CRIU, which is not part of this server: leave out the running state");
  if (!is_true(get_or(instance->view()->config, "migration.stateful")))
    return fail(Code::invalid, "Stateful snapshot requires the instance to have migration.stateful be set to true");
  return check_state_room(*instance->view());
}

/// The running state is in the volume, and the instance stands still, as long as the result is held.
Result<std::shared_ptr<void>> hold_saved(const Context& ctx, const InstancePtr& instance) {
  std::string file = state_file(*instance);
  auto runtime = instance->runtime();
  TRY(runtime->save(ctx, file));
  return std::shared_ptr<void>(runtime.get(), [instance, runtime, file](void*) {
    unlink(file.c_str());
    auto resumed = runtime->unfreeze(Context::detached(seconds(60)));
    if (!resumed) log_error("Failed to resume an instance after its state was saved", {{"instance", instance->full_name()}, {"error", resumed.error().message()}});
    instance->status_changed();
  });
}

}  // namespace

Result<std::string> next_snapshot_name(const InstancePtr& instance) {
  ViewPtr view = instance->view();
  std::string pattern = get_or(view->config, "snapshots.pattern");
  if (pattern.empty()) pattern = "snap%d";
  pattern = TRY(imagefmt::render_template(pattern, {{"creation_date", Timestamp::now().rfc3339()}}));
  size_t first = pattern.find("%d");
  if (first != std::string::npos && pattern.find("%d", first + 1) != std::string::npos)
    return fail(Code::invalid, "Snapshot pattern may contain '%d' only once");
  if (first == std::string::npos) {
    if (!view->snapshot(pattern)) return pattern;
    pattern += "-%d";
  }
  int index = TRY(instance->services().global.read([&](db::Tx& tx) { return db::snapshots::next_index(tx, view->row.id, pattern); }));
  return replace_all(pattern, "%d", std::to_string(index));
}

Result<Timestamp> snapshot_expiry(const View& view, bool manual) {
  std::string span = manual ? get_or(view.config, "snapshots.expiry.manual") : "";
  if (span.empty()) span = get_or(view.config, "snapshots.expiry");
  return core::expiry_after(Timestamp::now(), span);
}

Result<> create_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, Timestamp expires, bool stateful) {
  TRY(check_snapshot_name(name));
  auto lock = TRY(instance->lock(job.ctx));
  ViewPtr view = instance->view();
  if (stateful) TRY(check_stateful(instance));
  Services& services = instance->services();
  db::snapshots::Row row;
  row.instance_id = view->row.id;
  row.name = name;
  row.stateful = stateful;
  row.created_at = Timestamp::now();
  row.expires_at = expires;
  row.description = view->row.description;
  row.config = view->row.config;
  row.devices = view->row.devices;
  auto id = services.global.write([&](db::Tx& tx) -> Result<int64_t> {
    TRY(core::gate::check_snapshot(tx, view->row.project));
    return db::snapshots::create(tx, row);
  });
  if (!id) {
    if (id.error().code() != Code::conflict) return std::unexpected(id.error());
    return fail(Code::conflict, "Failed creating instance snapshot record {}: Snapshot {} already exists", quote(name), quote(view->row.name + "/" + name));
  }
  Reverter undo;
  undo.add("remove snapshot row", [&services, id = *id](const Context&) {
    return services.global.write([&](db::Tx& tx) { return db::snapshots::remove(tx, id); });
  });
  auto pool = TRY(pool_of(services, *view));
  auto still = TRY(stateful ? hold_saved(job.ctx, instance) : hold_still(job.ctx, instance, *pool));
  TRY_CTX(pool->create_snapshot(job.ctx, snapshot_volume_of(*view, name), view->row.description, expires), "Create instance snapshot");
  undo.add("remove snapshot volume", [pool, ref = snapshot_volume_of(*view, name)](const Context& ctx) { return pool->remove(ctx, ref); });
  TRY(snapshot_dependents(job.ctx, services, *view, name, expires));
  still.reset();
  undo.commit();
  refresh(job.ctx, instance);
  event(*instance, job, "instance-snapshot-created", name);
  return {};
}

Result<> restore(const Job& job, const InstancePtr& instance, const std::string& snapshot, const RestoreOptions& options) {
  std::string prefix = instance->name() + "/";
  std::string name = snapshot.starts_with(prefix) ? snapshot.substr(prefix.size()) : snapshot;
  auto found = row_of(instance, name);
  if (!found) return fail(found.error().code(), "Snapshot {}{} does not exist", prefix, name);
  db::snapshots::Row row = std::move(*found);
  if (options.stateful && !row.stateful) return fail(Code::invalid, "Stateful snapshot restore requested but snapshot is stateless");
  TRY(check_dependents_restorable(instance->services(), *instance->view(), name));
  bool was_running = instance->running();
  if (was_running) {
    auto before = instance->action.exchange(Instance::Action::restart);  // no deletion of ephemeral ones, no events of a stop
    auto stopped = stop(job, instance, {.force = true});
    instance->action = before;
    TRY(std::move(stopped));
  }
  {
    auto lock = TRY(instance->lock(job.ctx));
    ViewPtr view = instance->view();
    auto pool = TRY(pool_of(instance->services(), *view));
    TRY(pool->restore_snapshot(job.ctx, volume_of(*view), name));
    TRY(restore_dependents(job.ctx, instance->services(), *view, name));
    TRY(update_locked(job, instance, restored_row(*view, row, options), false));
  }
  if (was_running || options.stateful) {
    instance->action = Instance::Action::again;
    auto started = start(job, instance, {.stateful = options.stateful});
    instance->action = Instance::Action::none;
    TRY(std::move(started));
  }
  lifecycle(*instance, job, "instance-restored", {{"snapshot", prefix + name}});
  return {};
}

Result<> remove_snapshot(const Job& job, const InstancePtr& instance, const std::string& name) {
  auto lock = TRY(instance->lock(job.ctx));
  db::snapshots::Row row = TRY(row_of(instance, name));
  ViewPtr view = instance->view();
  auto pool = TRY(pool_of(instance->services(), *view));
  TRY(pool->remove(job.ctx, snapshot_volume_of(*view, name)));
  TRY(remove_dependent_snapshots(job.ctx, instance->services(), *view, name));
  TRY(instance->services().global.write([&](db::Tx& tx) { return db::snapshots::remove(tx, row.id); }));
  refresh(job.ctx, instance);
  event(*instance, job, "instance-snapshot-deleted", name);
  return {};
}

Result<> rename_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, const std::string& new_name) {
  TRY(check_snapshot_name(new_name));
  auto lock = TRY(instance->lock(job.ctx));
  db::snapshots::Row row = TRY(row_of(instance, name));
  ViewPtr view = instance->view();
  if (view->snapshot(new_name)) return fail(Code::conflict, "Name '{}/{}' already in use", view->row.name, new_name);
  auto pool = TRY(pool_of(instance->services(), *view));
  TRY_CTX(pool->rename(job.ctx, snapshot_volume_of(*view, name), new_name), "Rename instance snapshot");
  TRY(rename_dependent_snapshots(job.ctx, instance->services(), *view, name, new_name));
  TRY(instance->services().global.write([&](db::Tx& tx) { return db::snapshots::rename(tx, row.id, new_name); }));
  refresh(job.ctx, instance);
  event(*instance, job, "instance-snapshot-renamed", new_name, {{"old_name", view->row.name + "/" + name}});
  return {};
}

Result<> update_snapshot(const Job& job, const InstancePtr& instance, const std::string& name, Timestamp expires) {
  auto lock = TRY(instance->lock(job.ctx));
  db::snapshots::Row row = TRY(row_of(instance, name));
  TRY(instance->services().global.write([&](db::Tx& tx) { return db::snapshots::update_expiry(tx, row.id, expires); }));
  refresh(job.ctx, instance);
  event(*instance, job, "instance-snapshot-updated", name);
  return {};
}

int64_t snapshot_size(const InstancePtr& instance, const std::string& name) {
  ViewPtr view = instance->view();
  auto pool = pool_of(instance->services(), *view);
  if (!pool) return -1;
  return (*pool)->usage(snapshot_volume_of(*view, name)).value_or(-1);
}

}  // namespace instance
