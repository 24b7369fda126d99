#include "device/disk_volume.h"

#include "db/pools.h"
#include "db/projects.h"
#include "sys/idmap.h"
#include "sys/owner_shift.h"

namespace device {
namespace {

/// The map that the instance's next (or running) life has; empty for privileged ones.
Result<sys::IdMap> wanted_map(Host& host) {
  if (host.privileged() || !host.is_container()) return sys::IdMap();
  std::string text = host.volatile_get("volatile.idmap.current");
  if (host.init_pid() == 0 || text.empty()) text = host.volatile_get("volatile.idmap.next");
  return sys::IdMap::from_json(text);
}

Result<> shift(const Context& ctx, Services& services, Host& host, const db::volumes::Row& volume, const std::string& path, bool in_use) {
  if (is_true(get_or(volume.config, "security.shifted")) || is_true(get_or(volume.config, "security.unmapped"))) return {};
  sys::IdMap next = TRY(wanted_map(host));
  sys::IdMap last = TRY(sys::IdMap::from_json(get_or(volume.config, "volatile.idmap.last")));
  if (next.same_as(last)) return {};
  if (in_use) return fail(Code::conflict, "Idmaps of container and storage volume are not identical");
  TRY_CTX(sys::shift_owners(ctx, path, last, next), "Failed shifting the owners of volume {}", quote(volume.name));
  return services.global.write([&](db::Tx& tx) {
    return db::volumes::patch_config(tx, volume.id, {{"volatile.idmap.last", next.to_json()}, {"volatile.idmap.next", next.to_json()}});
  });
}

}  // namespace

VolumeSource split_volume_source(const std::string& source) {
  StringList parts = split(source, '/', 2);
  return {parts[0], parts.size() > 1 ? parts[1] : ""};
}

Result<db::volumes::Row> load_custom_volume(Services& services, const std::string& project, const std::string& pool, const std::string& name) {
  return services.global.read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    int64_t pool_id = TRY(db::pools::id_of(tx, pool));
    std::string stored_in = TRY(db::projects::effective(tx, project, "storage.volumes"));
    return db::volumes::load(tx, pool_id, stored_in, db::VolumeType::custom, name);
  });
}

Result<storage::Mounted> mount_custom_volume(const Context& ctx, Services& services, Host& host, const std::string& pool, const std::string& name,
                                             const std::function<bool(int64_t)>& in_use) {
  db::volumes::Row row = TRY_CTX(load_custom_volume(services, host.project(), pool, name), "Failed loading custom volume");
  auto loaded = TRY(services.pools.load(pool));
  storage::Mounted mounted = TRY_CTX(loaded->mount(ctx, {.type = storage::VolumeType::custom, .project = row.project, .name = name}),
                                     "Failed mounting storage volume {}", quote(name));
  TRY(shift(ctx, services, host, row, mounted.path, in_use(row.id)));
  return mounted;
}

}  // namespace device
