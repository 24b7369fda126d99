#include "instance/host.h"

#include "instance/driver.h"
#include "instance/roles.h"

namespace instance {

Host::Host(InstancePtr instance, ViewPtr view) : instance_(std::move(instance)), view_(std::move(view)) {
  if (view_->privileged()) return;
  std::string current = instance_->running() ? get_or(view_->row.config, "volatile.idmap.current") : "";
  auto map = sys::IdMap::from_json(current.empty() ? get_or(view_->row.config, "volatile.idmap.next") : current);
  if (map) idmap_ = std::move(*map);
}

pid_t Host::init_pid() const {
  auto runtime = instance_->runtime_if_any();
  return runtime ? runtime->init_pid() : 0;
}

int64_t Host::host_uid(int64_t uid) const { return idmap_.empty() ? uid : idmap_.to_host(uid, -1).uid; }
int64_t Host::host_gid(int64_t gid) const { return idmap_.empty() ? gid : idmap_.to_host(-1, gid).gid; }

namespace {
std::string full_key(const std::string& key) { return key.starts_with("volatile.") ? key : "volatile." + key; }
}  // namespace

std::string Host::volatile_get(const std::string& key) const { return instance_->volatile_get(full_key(key)); }

Result<> Host::volatile_set(const StringMap& changes) {
  StringMap full;
  for (const auto& [key, value] : changes) full[full_key(key)] = value;
  return instance_->volatile_set(full);
}

Result<std::string> Host::make_drive(const Context& ctx, const std::string& source) {
  auto* driver = dynamic_cast<HasGuest*>(&instance_->driver());
  if (!driver) return fail(Code::unsupported, "Disks with source={} are only supported by virtual machines", source);
  return driver->make_drive(ctx, instance_, source);
}

}  // namespace instance
