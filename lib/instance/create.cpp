#include "instance/create.h"
#include "instance/unfinished.h"

#include <filesystem>

#include "api/architecture.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/units.h"
#include "core/gate.h"
#include "core/operation.h"
#include "core/project_cache.h"
#include "instance/backup_file.h"
#include "instance/devices.h"
#include "instance/driver.h"
#include "instance/remove.h"
#include "instance/volume.h"

namespace instance {
namespace {

Result<> check_profiles(Manager& manager, const db::instances::Row& row, const std::string& profile_project) {
  StringList seen;
  return manager.services().global.read([&](db::Tx& tx) -> Result<> {
    for (const std::string& name : row.profiles) {
      auto id = db::profiles::id_of(tx, profile_project, name);
      if (!id) return fail(Code::internal, "Requested profile {} doesn't exist", quote(name));
      if (contains(seen, name)) return fail(Code::invalid, "Duplicate profile found in request");
      seen.push_back(name);
    }
    return {};
  });
}

/// Identity and defaults every new instance gets.
void complete(db::instances::Row& row) {
  if (get_or(row.config, "volatile.uuid").empty()) row.config["volatile.uuid"] = random_uuid();
  row.config["volatile.uuid.generation"] = row.config["volatile.uuid"];
  if (get_or(row.config, "volatile.cloud-init.instance-id").empty()) row.config["volatile.cloud-init.instance-id"] = random_uuid();
  if (row.architecture == 0) row.architecture = api::local_architecture();
  if (row.created_at.is_zero()) row.created_at = Timestamp::now();
  if (row.last_used_at.is_zero()) row.last_used_at = Timestamp::from_unix(0);
}

Result<> check_row(Manager& manager, const db::instances::Row& row, bool check_architecture, const std::string& profile_project) {
  TRY(check_name(row.name));
  Type type = type_of(row);
  TRY(manager.driver(type).check_create(row));
  TRY(validate_config(row.config, type, false));
  if (check_architecture && !contains(api::local_architecture_names(), std::string(api::architecture_name(row.architecture))))
    return fail(Code::invalid, "Requested architecture isn't supported by this host");
  return check_profiles(manager, row, profile_project);
}

/// What depends on the expanded view: config, devices, pool, id map.
Result<> initialise(const Job& job, Manager& manager, const InstancePtr& instance, bool with_devices) {
  ViewPtr view = instance->view();
  TRY_CTX(validate_config(view->config, Type::any, true), "Invalid config");
  TRY_CTX(validate_devices(manager, view->row.project, view->type(), view->row.devices, &view->devices, view->config), "Invalid devices");
  TRY(pool_of(manager.services(), *view));
  TRY(instance->volatile_set(TRY(instance->driver().host_keys(view->row.id, view->config))));
  if (!with_devices) return {};
  View nothing;
  nothing.row = view->row;
  TRY(change_devices(job.ctx, instance, nothing));
  return {};
}

storage::Progress progress_of(const Job& job, const std::string& key) {
  core::Operation* operation = job.operation;
  if (!operation) return {};
  auto started = Clock::now();
  return [operation, key, started](int64_t done, int64_t total) {
    int percent = total > 0 ? static_cast<int>(done * 100 / total) : 0;
    double elapsed = std::max(std::chrono::duration<double>(Clock::now() - started).count(), 0.001);
    auto speed = static_cast<int64_t>(static_cast<double>(done) / elapsed);
    std::string text = total > 0 ? std::format("Unpack: {}% ({}/s)", percent, format_byte_size_decimal(speed)) : format_byte_size_decimal(done);
    operation->progress(key, text, percent, speed);
  };
}

}  // namespace

Result<std::optional<db::images::Row>> find_image(Manager& manager, const std::string& project, const api::InstanceSource& source, const std::string& type) {
  (void)type;
  std::string image_project = TRY(manager.services().projects.effective(project, "image"));
  return manager.services().global.read([&](db::Tx& tx) -> Result<std::optional<db::images::Row>> {
    std::string fingerprint = source.fingerprint;
    if (fingerprint.empty() && !source.alias.empty()) {
      auto alias = db::images::load_alias(tx, image_project, source.alias);
      if (!alias) {
        if (alias.error().code() == Code::not_found) return std::nullopt;
        return std::unexpected(alias.error());
      }
      fingerprint = alias->fingerprint;
    }
    if (fingerprint.empty() && !source.properties.empty()) {
      std::optional<db::images::Row> best;
      for (db::images::Row& image : TRY(db::images::load_all(tx, {.project = image_project}))) {
        bool match = true;
        for (const auto& [key, value] : source.properties) match = match && get_or(image.properties, key) == value;
        if (match && (!best || image.created_at >= best->created_at)) best = std::move(image);
      }
      if (!best) return fail(Code::internal, "No matching image could be found");
      return best;
    }
    if (fingerprint.empty()) return fail(Code::internal, "Must specify one of alias, fingerprint or properties for init from image");
    auto image = db::images::load(tx, image_project, fingerprint);
    if (image) return std::move(*image);
    if (image.error().code() == Code::not_found) return std::nullopt;
    return std::unexpected(image.error());
  });
}

Result<db::instances::Row> row_of(const api::InstancesPost& request, const std::string& project) {
  db::instances::Row row;
  row.project = project;
  row.name = request.name;
  auto type = db::instance_type(request.type);
  if (!type) return fail(Code::invalid, "Invalid instance type {}", quote(request.type));
  row.type = *type;
  if (!request.architecture.empty()) row.architecture = TRY(api::architecture_id(request.architecture));
  row.ephemeral = request.ephemeral;
  row.stateful = false;
  row.description = request.description;
  row.config = request.config;
  row.devices = request.devices;
  row.profiles = request.profiles;
  return row;
}

Result<InstancePtr> create_record(const Job& job, Manager& manager, db::instances::Row row, const RecordOptions& options, Reverter& undo) {
  Services& services = manager.services();
  complete(row);
  std::string profile_project = TRY(services.projects.effective(row.project, "profile"));
  TRY_CTX(check_row(manager, row, options.check_architecture, profile_project), "Failed creating instance record");
  auto id = services.global.write([&](db::Tx& tx) -> Result<int64_t> {
    TRY(core::gate::check_instance(tx, {.project = row.project, .name = row.name, .type = row.type, .config = row.config, .devices = row.devices,
                                        .profiles = row.profiles, .is_new = true, .replaces = options.replaces}));
    int64_t created = TRY(db::instances::create(tx, row, profile_project));
    // Inside the transaction: after its commit a kill finds the mark, before it the mark names nobody (ids are never used again).
    TRY(mark_unfinished(services, created));
    return created;
  });
  if (!id) {
    if (id.error().code() == Code::conflict) return fail(Code::conflict, "Failed creating instance record: Instance {} already exists", quote(row.name));
    return std::unexpected(std::move(id).error().wrap("Failed creating instance record"));
  }
  InstancePtr instance = TRY(manager.reload(*id));
  undo.add("remove instance record", [&manager, instance](const Context& ctx) -> Result<> {
    ViewPtr view = instance->view();
    remove_devices(ctx, instance);
    manager.forget(view->row.project, view->row.name);
    TRY(manager.services().global.write([&](db::Tx& tx) { return db::instances::remove(tx, view->row.id); }));
    clear_unfinished(manager.services(), view->row.id);
    return {};
  });
  // One that takes another's place has its addresses, too: devices are added when the other is gone.
  TRY_CTX(initialise(job, manager, instance, options.replaces.empty()), "Failed creating instance record: Failed initializing instance");
  std::error_code ignored;  // logs of an earlier instance of that name
  std::filesystem::remove_all(instance->log_path(), ignored);
  if (!options.keep_runtime) std::filesystem::remove_all(instance->run_path(), ignored);
  ViewPtr view = instance->view();
  lifecycle(*instance, job, "instance-created",
            {{"location", view->row.location}, {"storage-pool", root_disk(view->devices)->pool}, {"type", db::name_of(view->row.type)}});
  return instance;
}

Result<InstancePtr> create_from_image(const Job& job, Manager& manager, db::instances::Row row, const db::images::Row& image) {
  if (image.type != row.type)
    return fail(Code::invalid, "Requested image's type {} doesn't match instance type {}", quote(db::name_of(image.type)), quote(db::name_of(row.type)));
  for (const auto& [key, value] : image.properties) row.config["image." + key] = value;
  row.config["volatile.base_image"] = image.fingerprint;
  row.config["volatile.apply_template"] = "create";
  row.architecture = image.architecture;
  Reverter undo;
  InstancePtr instance = TRY(create_record(job, manager, std::move(row), {.check_architecture = true}, undo));
  ViewPtr view = instance->view();
  RootDisk root = TRY(root_disk(view->devices));
  auto pool = TRY_CTX(manager.services().pools.load(root.pool), "Failed loading instance storage pool");
  TRY(manager.services().global.write([&](db::Tx& tx) { return db::images::set_last_used(tx, image.id, Timestamp::now()); }));
  TRY_CTX(pool->create_from_image(job.ctx, volume_of(*view), new_volume_config(*view, root), image.fingerprint, progress_of(job, "create_instance_from_image_unpack")),
          "Failed creating instance from image");
  undo.add("remove volume", [pool, ref = volume_of(*view)](const Context& ctx) { return pool->remove(ctx, ref); });
  TRY(apply_size(job.ctx, *pool, *view));
  TRY(link_volume(instance));
  TRY(instance->driver().filled(job.ctx, instance));
  TRY(write_backup_file(job.ctx, instance));
  clear_unfinished(manager.services(), view->row.id);
  undo.commit();
  return instance;
}

Result<InstancePtr> create_empty(const Job& job, Manager& manager, db::instances::Row row) {
  Reverter undo;
  InstancePtr instance = TRY(create_record(job, manager, std::move(row), {.check_architecture = true}, undo));
  ViewPtr view = instance->view();
  RootDisk root = TRY(root_disk(view->devices));
  auto pool = TRY_CTX(manager.services().pools.load(root.pool), "Failed loading instance storage pool");
  TRY_CTX(pool->create_empty(job.ctx, volume_of(*view), new_volume_config(*view, root), ""), "Failed creating instance");
  undo.add("remove volume", [pool, ref = volume_of(*view)](const Context& ctx) { return pool->remove(ctx, ref); });
  TRY(apply_size(job.ctx, *pool, *view));
  TRY(link_volume(instance));
  TRY(instance->driver().made_empty(job.ctx, instance));
  TRY(write_backup_file(job.ctx, instance));
  clear_unfinished(manager.services(), view->row.id);
  undo.commit();
  return instance;
}

}  // namespace instance
