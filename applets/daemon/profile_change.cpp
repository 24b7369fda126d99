#include "applets/daemon/profile_change.h"

#include "core/gate.h"
#include "db/instances.h"
#include "instance/devices.h"
#include "instance/keys.h"
#include "instance/manager.h"

namespace incusd {
namespace {

using db::profiles::Row;

/// Name and pool of the root disk among `devices`; both empty if there is none.
struct Root {
  std::string device, pool;
};
Root root_of(const api::DevicesMap& devices) {
  for (const auto& [name, device] : devices) {
    if (get_or(device, "type") == "disk" && get_or(device, "path") == "/" && get_or(device, "source").empty()) return {name, get_or(device, "pool")};
  }
  return {};
}

/// Does the root disk of `instance` come from the profile `name`? The last profile that has such a device counts.
Result<bool> relies_on(db::Tx& tx, const db::instances::Row& instance, const Row& profile, const std::string& device) {
  if (!root_of(instance.devices).pool.empty()) return false;
  for (auto name = instance.profiles.rbegin(); name != instance.profiles.rend(); ++name) {
    Row other = TRY(db::profiles::load(tx, profile.project, *name));
    if (other.devices.contains(device)) return *name == profile.name;
  }
  return false;
}

Result<> check_root_disk(db::Tx& tx, const Row& current, const api::ProfilePut& put) {
  Root before = root_of(current.devices), after = root_of(put.devices);
  if (before.pool == after.pool) return {};
  for (int64_t id : TRY(db::profiles::instance_ids(tx, current.id))) {
    if (TRY(relies_on(tx, TRY(db::instances::load(tx, id)), current, before.device))) {
      return fail(Code::invalid, "At least one instance relies on this profile's root disk device");
    }
  }
  return {};
}

}  // namespace

Result<> validate_profile(Daemon& daemon, const std::string& project, const api::ProfilePut& put) {
  TRY(instance::validate_config(put.config, instance::Type::any, false));
  return instance::validate_devices(*daemon.instances, project, instance::Type::any, put.devices, nullptr, put.config);
}

Result<> update_profile(const Context& ctx, Daemon& daemon, const Row& current, const api::ProfilePut& put, const core::Requestor& requestor) {
  TRY(daemon.global->read([&](db::Tx& tx) { return core::gate::check_profile(tx, current.project, current.name, put); }));
  TRY(validate_profile(daemon, current.project, put));
  TRY(daemon.global->write([&](db::Tx& tx) -> Result<> {
    TRY(check_root_disk(tx, current, put));
    return db::profiles::update(tx, current.id, put);
  }));
  return daemon.instances->profile_changed({ctx, requestor, nullptr}, current.project, current.name);
}

Result<> profile_renamed(const Context& ctx, Daemon& daemon, const std::string& project, const std::string& name) {
  return daemon.instances->profile_changed({ctx, {}, nullptr}, project, name);
}

}  // namespace incusd
