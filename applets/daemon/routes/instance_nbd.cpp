// /1.0/instances/{name}/nbd and /bitmaps: all disks of a running virtual machine over NBD, and what changes on them.
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/relay.h"
#include "instance/dependent.h"
#include "instance/roles.h"

namespace incusd {
namespace {

using http::Method;

Result<Reply> create_bitmaps(Call& call) {
  auto instance = TRY(find_instance(call));
  if (!instance->running()) return fail(Code::invalid, "Creating bitmaps requires the instance to be running");
  auto exports = std::dynamic_pointer_cast<instance::Exports>(instance->runtime());
  if (!exports) return fail(Code::invalid, "Only virtual machines have bitmaps");
  auto bitmap = TRY(call.body<api::StorageVolumeBitmapsPost>());
  auto view = instance->view();
  StringList devices{TRY_CTX(instance::root_disk(view->devices), "Failed getting instance root disk").device};
  for (const auto& dependent : TRY(instance::dependents_of(instance->services(), view->row.project, view->devices))) devices.push_back(dependent.device);
  TRY(exports->add_bitmap(call.ctx, devices, bitmap));
  return ok();
}

Result<Reply> connect(Call& call) {
  TRY(check_upgrade(call, "nbd"));
  auto instance = TRY(find_instance(call));
  auto exports = std::dynamic_pointer_cast<instance::Exports>(instance->runtime());
  if (!exports) return fail(Code::invalid, "NBD export of all disks is only supported on virtual machines");
  if (!instance->running()) return fail(Code::internal, "Exporting all disks over NBD is only available on running instances");
  instance::DiskExport wanted{.devices = {}, .named = true, .reuse = is_true(call.query("reuse")), .folder = instance->path()};
  for (const auto& [name, device] : instance->view()->devices)
    if (get_or(device, "type") == "disk") wanted.devices.push_back(name);
  auto connection = TRY(exports->export_disks(call.ctx, wanted));
  return relay_server_first(call, "nbd", std::move(connection.socket), std::move(connection.hold));
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/bitmaps", kEditInstance, kProject, create_bitmaps, "Records what changes on the disks of a running virtual machine"},
    {Method::get, "/1.0/instances/{name}/nbd", allow("instance", "can_connect_nbd", "name"), kProject, connect, "Connects to all disks of a running virtual machine over NBD"},
};

}  // namespace

extern const Routes instance_nbd_routes = kRoutes;

}  // namespace incusd
