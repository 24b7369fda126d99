#include "instance/update.h"

#include "api/architecture.h"
#include "base/encode.h"
#include "base/log.h"
#include "core/gate.h"
#include "core/project_cache.h"
#include "instance/backup_file.h"
#include "instance/cpu_balance.h"
#include "instance/create.h"
#include "instance/devices.h"
#include "instance/driver.h"
#include "instance/roles.h"
#include "instance/volume.h"

namespace instance {
namespace {

constexpr std::string_view kIdmapKeys[] = {"security.idmap.isolated", "security.idmap.base", "security.idmap.size", "raw.idmap", "security.privileged"};
constexpr std::string_view kGuardedKeys[] = {"volatile.idmap.base", "volatile.idmap.current", "volatile.idmap.next", "volatile.last_state.idmap"};
constexpr std::string_view kCloudInitKeys[] = {"cloud-init.vendor-data", "cloud-init.user-data", "cloud-init.network-config",
                                               "user.vendor-data", "user.user-data", "user.network-config"};

constexpr std::string_view kFirmwareKeys[] = {"security.csm", "security.secureboot"};

StringList changed_keys(const StringMap& before, const StringMap& after) {
  StringList out;
  for (const auto& [key, value] : before)
    if (get_or(after, key) != value) out.push_back(key);
  for (const auto& [key, value] : after)
    if (!before.contains(key) && !value.empty()) out.push_back(key);
  return out;
}

template <class Keys>
bool any_of(const StringList& changed, const Keys& keys) {
  for (std::string_view key : keys)
    if (contains(changed, key)) return true;
  return false;
}

Result<> check_initial_keys(const View& before, const View& after) {
  for (const auto& [name, device] : after.devices) {
    if (get_or(device, "source").starts_with("tmpfs")) continue;
    // A folder inside a volume is made when it is first used, with these values.
    if (!get_or(device, "pool").empty() && get_or(device, "path") != "/" && get_or(device, "source").contains('/')) continue;
    auto old = before.devices.find(name);
    for (const auto& [key, value] : device) {
      if (!key.starts_with("initial.") || value.empty()) continue;
      if (old == before.devices.end()) return fail(Code::invalid, "New device with initial configuration cannot be added once the instance is created");
      auto old_value = old->second.find(key);
      if (old_value == old->second.end()) return fail(Code::invalid, "Device initial configuration cannot be added once the instance is created");
      if (old_value->second != value) return fail(Code::invalid, "Device initial configuration cannot be modified once the instance is created");
    }
  }
  return {};
}

Result<> check_profiles(Manager& manager, const db::instances::Row& row) {
  std::string project = TRY(manager.services().projects.effective(row.project, "profile"));
  return manager.services().global.read([&](db::Tx& tx) -> Result<> {
    StringList seen;
    for (const std::string& name : row.profiles) {
      if (!db::profiles::id_of(tx, project, name)) return fail(Code::not_found, "Requested profile '{}' doesn't exist", name);
      if (contains(seen, name)) return fail(Code::invalid, "Duplicate profile found in request");
      seen.push_back(name);
    }
    return {};
  });
}

Result<> check_user_change(Manager& manager, const View& before, const View& after, const StringList& changed) {
  for (std::string_view key : kGuardedKeys)
    if (contains(changed, key) && !after.config.contains(std::string(key))) return fail(Code::invalid, "Volatile idmap keys can't be deleted by the user");
  TRY_CTX(validate_config(after.config, Type::any, true), "Invalid expanded config");
  TRY_CTX(validate_devices(manager, after.row.project, after.type(), after.row.devices, &after.devices, after.config), "Invalid expanded devices");
  auto old_root = root_disk(before.devices), new_root = root_disk(after.devices);
  if (old_root && new_root && old_root->pool != new_root->pool) return fail(Code::invalid, "Cannot update root disk device pool name to {}", quote(new_root->pool));
  if (!new_root) return std::unexpected(std::move(new_root).error().wrap("Invalid root disk device"));
  return check_initial_keys(before, after);
}

StringList nic_names(const View& view) {
  StringList out;
  for (const auto& [name, device] : view.devices)
    if (get_or(device, "type") == "nic") out.push_back(get_or(device, "name", get_or(view.row.config, "volatile." + name + ".name", name)));
  return out;
}

/// Writes the row and publishes the view made of it.
Result<> store(Manager& manager, const db::instances::Row& row) {
  std::string project = TRY(manager.services().projects.effective(row.project, "profile"));
  TRY_CTX(manager.services().global.write([&](db::Tx& tx) { return db::instances::update(tx, row, project); }), "Failed to update database");
  TRY(manager.reload(row.id));
  return {};
}

/// Limits and restrictions of the project. What profiles bring was judged when they changed, so an unchanged row passes unread.
Result<> check_gate(Manager& manager, const View& before, const db::instances::Row& row, bool by_user) {
  if (row.config == before.row.config && row.devices == before.row.devices && row.profiles == before.row.profiles) return {};
  return manager.services().global.read([&](db::Tx& tx) {
    return core::gate::check_instance(tx, {.project = row.project, .name = row.name, .type = row.type, .config = row.config, .devices = row.devices,
                                           .profiles = row.profiles, .current_config = by_user ? before.row.config : row.config});
  });
}

void tell_guest(const InstancePtr& instance, const View& before, const DeviceChanges& devices) {
  GuestEvents& listeners = instance->manager().guest_events();
  auto* driver = dynamic_cast<HasGuest*>(&instance->driver());
  if (!driver && !listeners.wanted(instance->id())) return;
  auto messages = guest_messages(before.config, instance->view()->config, devices);
  for (const GuestMessage& message : messages) listeners.send(instance->id(), message);
  if (driver && !messages.empty()) driver->tell_guest(instance, std::move(messages));
}

/// Devices and limits follow the stored config; on an error the old row comes back.
Result<> apply(const Job& job, const InstancePtr& instance, const View& before) {
  DeviceChanges devices = TRY(change_devices(job.ctx, instance, before));
  if (!instance->running()) return {};
  TRY(instance->runtime()->apply_limits(job.ctx, before.config, instance->view()->config));
  if (get_or(before.config, "limits.cpu") != get_or(instance->view()->config, "limits.cpu") ||
      get_or(before.config, "limits.cpu.nodes") != get_or(instance->view()->config, "limits.cpu.nodes"))
    rebalance_cpus(instance->manager());
  TRY(instance->driver().changed(job, instance, before));
  tell_guest(instance, before, devices);
  return {};
}

}  // namespace

Result<> update_locked(const Job& job, const InstancePtr& instance, db::instances::Row row, bool by_user) {
  Manager& manager = instance->manager();
  ViewPtr before = instance->view();
  if (row.architecture == 0) row.architecture = before->row.architecture;
  if (by_user) {
    TRY_CTX(validate_config(row.config, before->type(), false), "Invalid config");
    TRY_CTX(validate_devices(manager, row.project, before->type(), row.devices, nullptr, {}), "Invalid devices");
  }
  TRY(check_profiles(manager, row));
  TRY(check_gate(manager, *before, row, by_user));
  View after = TRY(manager.preview(row));
  StringList changed = changed_keys(before->config, after.config);
  auto* guest = dynamic_cast<HasGuest*>(&instance->driver());
  if (by_user && guest && instance->running()) TRY(guest->check_change(changed));
  if (by_user) {
    TRY(check_user_change(manager, *before, after, changed));
    TRY(manager.services().global.read([&](db::Tx& tx) {
      return core::gate::check_instance(tx, {.project = row.project, .name = row.name, .type = row.type, .config = row.config, .devices = row.devices,
                                             .profiles = row.profiles, .current_config = before->row.config});
    }));
  }
  if (any_of(changed, kIdmapKeys))
    for (auto& [key, value] : TRY(instance->driver().host_keys(row.id, after.config))) row.config[key] = value;
  // Which firmware it is, and so which variables it can use.
  if (by_user && after.type() == Type::virtual_machine && any_of(changed, kFirmwareKeys)) row.config["volatile.apply_nvram"] = "true";
  if (any_of(changed, kCloudInitKeys) || nic_names(*before) != nic_names(after)) row.config["volatile.cloud-init.instance-id"] = random_uuid();
  TRY(store(manager, row));
  if (auto applied = apply(job, instance, *before); !applied) {
    View failed = *instance->view();
    if (auto undone = store(manager, before->row); !undone) log_error("Failed restoring the config of an instance", {{"error", undone.error().message()}});
    Context undo = Context::detached(seconds(60));
    if (auto undone = change_devices(undo, instance, failed); !undone) log_error("Failed restoring devices", {{"instance", instance->full_name()}, {"error", undone.error().message()}});
    return applied;
  }
  if (auto written = write_backup_file(job.ctx, instance); !written) log_warn("Failed to write backup file", {{"instance", instance->full_name()}, {"error", written.error().message()}});
  if (by_user) lifecycle(*instance, job, "instance-updated");
  return {};
}

Result<> update(const Job& job, const InstancePtr& instance, db::instances::Row row, bool by_user) {
  auto lock = TRY(instance->lock(job.ctx));
  return update_locked(job, instance, std::move(row), by_user);
}

Result<> Manager::profile_changed(const Job& job, const std::string& project, const std::string& profile) {
  StringList failures;
  for (const InstancePtr& instance : list()) {
    ViewPtr view = instance->view();
    if (!contains(view->row.profiles, profile)) continue;
    auto effective = services_.projects.effective(view->row.project, "profile");
    if (!effective || *effective != project) continue;
    auto done = update(job, instance, view->row, true);
    if (!done) failures.push_back(std::format(" - Project: {}, Instance: {}: {}", view->row.project, view->row.name, done.error().message()));
  }
  if (failures.empty()) return {};
  return fail(Code::internal, "The following instances failed to update (profile change still saved):\n{}\n", join(failures, "\n"));
}

}  // namespace instance
