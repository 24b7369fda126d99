#include "instance/idmap.h"

#include "instance/manager.h"
#include "sys/owner_shift.h"

namespace instance {

Result<sys::IdMapChoice> choose_map(Manager& manager, int64_t instance_id, const StringMap& config) {
  if (is_true(get_or(config, "security.privileged"))) return sys::IdMapChoice{};
  sys::IdMap host = sys::host_idmap();
  if (host.empty()) return fail(Code::internal, "System doesn't have a functional idmap setup");
  sys::IdMapRequest request{.isolated = is_true(get_or(config, "security.idmap.isolated")), .size = get_or(config, "security.idmap.size"),
                            .base = get_or(config, "security.idmap.base"), .raw = get_or(config, "raw.idmap"), .taken = {}};
  for (const InstancePtr& other : manager.list()) {
    ViewPtr view = other->view();
    if (!request.isolated || view->row.id == instance_id || view->privileged() || !is_true(get_or(view->config, "security.idmap.isolated"))) continue;
    auto base = parse_int(get_or(view->config, "volatile.idmap.base"));
    int64_t size = parse_int(get_or(view->config, "security.idmap.size")).value_or(65536);
    if (base) request.taken.push_back({*base, size});
  }
  return sys::choose_idmap(host, request);
}

StringMap map_keys(const sys::IdMapChoice& choice) {
  return {{"volatile.idmap.next", choice.map.to_json()}, {"volatile.idmap.base", std::to_string(choice.base)}};
}

Result<RootOwnership> prepare_ownership(const Job& job, const InstancePtr& instance, const std::string& rootfs) {
  ViewPtr view = instance->view();
  sys::IdMap next = TRY(sys::IdMap::from_json(get_or(view->row.config, "volatile.idmap.next")));
  if (!view->privileged() && (next.empty() || !sys::host_idmap().includes(next))) {
    auto choice = TRY_CTX(choose_map(instance->manager(), view->row.id, view->config), "Failed to get ID map");
    TRY(instance->volatile_set(map_keys(choice)));
    next = choice.map;
  }
  if (view->privileged()) next = {};
  sys::IdMap disk = TRY(sys::IdMap::from_json(get_or(view->row.config, "volatile.last_state.idmap")));
  RootOwnership out{.map = next, .idmapped = false};
  if (!next.same_as(disk)) {
    bool idmapped = !next.empty() && sys::idmapped_mount_works(rootfs);
    if (disk.empty() && idmapped) {
      out.idmapped = true;
    } else {
      if (is_true(get_or(view->config, "security.protection.shift"))) return fail(Code::invalid, "Instance has filesystem shifting protection enabled");
      const sys::IdMap& target = idmapped ? sys::IdMap() : next;
      TRY_CTX(sys::shift_owners(job.ctx, rootfs, disk, target), "Failed to handle idmapped storage");
      TRY(instance->volatile_set({{"volatile.last_state.idmap", target.to_json()}}));
      out.idmapped = idmapped;
    }
  }
  TRY(instance->volatile_set({{"volatile.idmap.current", next.to_json()}}));
  return out;
}

}  // namespace instance
