// /1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/nbd and /bitmaps: the disk of a block volume over NBD, and what changes on it while a virtual
// machine runs with it.
#include <algorithm>

#include "applets/daemon/routes/relay.h"
#include "applets/daemon/routes/volume_common.h"
#include "instance/manager.h"
#include "instance/roles.h"
#include "storage/nbd.h"

namespace incusd {
namespace {

using http::Method;

/// The instance that has a volume as a disk, and the name of that device. Neither: none has.
struct Holder {
  instance::InstancePtr instance;
  std::string device;
  bool running() const { return instance && instance->running(); }
};

Result<FoundVolume> find_disk(Call& call) {
  auto type = TRY(volume_type_param(call));
  if (type != db::VolumeType::custom && type != db::VolumeType::vm) return fail(Code::invalid, "Unsupported storage volume type {}", quote(call.param("type")));
  auto found = TRY(find_volume(call));
  if (found.row.content_type != db::ContentType::block) return fail(Code::invalid, "Only block volumes are supported");
  return found;
}

Result<Holder> holder_of(Call& call, const FoundVolume& found) {
  if (found.row.type == db::VolumeType::vm) {
    auto instance = TRY(call.daemon.instances->find(found.project, found.row.name));
    std::string device = TRY(instance::root_disk(instance->view()->devices)).device;
    return Holder{std::move(instance), std::move(device)};
  }
  Holder out;
  for (const auto& instance : call.daemon.instances->list()) {
    auto view = instance->view();
    if (TRY(call.daemon.projects->effective(view->row.project, "storage_volume")) != found.project) continue;
    for (const auto& [name, device] : view->devices) {
      if (get_or(device, "type") != "disk" || get_or(device, "pool") != found.row.pool || get_or(device, "source") != found.row.name) continue;
      if (view->type() != instance::Type::virtual_machine) return fail(Code::internal, "Volume is attached to a container");
      if (out.instance && out.instance != instance) return fail(Code::internal, "Volume is attached to multiple instances");
      if (!out.instance) out = {instance, name};
    }
  }
  return out;
}

/// What a request about bitmaps is about. `doing`: "Listing bitmaps".
struct Disk {
  FoundVolume volume;
  std::string device;
  std::shared_ptr<instance::Exports> exports;
};
Result<Disk> running_disk(Call& call, std::string_view doing) {
  Disk out{.volume = TRY(find_disk(call)), .device = {}, .exports = nullptr};
  auto holder = TRY(holder_of(call, out.volume));
  if (!holder.instance) return fail(Code::internal, "Volume is not attached to running instance");
  if (!holder.running()) return fail(Code::invalid, "{} requires the instance to be running", doing);
  out.device = holder.device;
  out.exports = std::dynamic_pointer_cast<instance::Exports>(holder.instance->runtime());
  if (!out.exports) return fail(Code::unsupported, "This instance has no bitmaps");
  return out;
}

Result<Reply> list_bitmaps(Call& call) {
  Disk disk = TRY(running_disk(call, "Listing bitmaps"));
  auto bitmaps = TRY(disk.exports->bitmaps(call.ctx, disk.device));
  Json out = Json::array();
  for (const auto& bitmap : bitmaps) {
    if (call.recursion() > 0) out.push_back(api::to_json(bitmap));
    else out.push_back("/1.0/" + volume_path(disk.volume.pool->name(), call.param("type"), disk.volume.row.name) + "/bitmaps/" + url_escape(bitmap.name));
  }
  return ok(api::dump_json(out));
}

Result<Reply> show_bitmap(Call& call) {
  Disk disk = TRY(running_disk(call, "Listing bitmap"));
  auto bitmaps = TRY(disk.exports->bitmaps(call.ctx, disk.device));
  auto found = std::ranges::find(bitmaps, call.param("bitmapName"), &api::StorageVolumeBitmap::name);
  if (found == bitmaps.end()) return fail(Code::invalid, "Bitmap {} not found", quote(call.param("bitmapName")));
  return ok(api::dump(*found));
}

Result<Reply> create_bitmap(Call& call) {
  Disk disk = TRY(running_disk(call, "Creating bitmaps"));
  TRY(disk.exports->add_bitmap(call.ctx, {disk.device}, TRY(call.body<api::StorageVolumeBitmapsPost>())));
  return ok();
}

Result<Reply> delete_bitmap(Call& call) {
  Disk disk = TRY(running_disk(call, "Deleting bitmaps"));
  TRY(disk.exports->remove_bitmap(call.ctx, disk.device, call.param("bitmapName")));
  return ok();
}

Result<Reply> connect(Call& call) {
  TRY(check_upgrade(call, "nbd"));
  bool writable = is_true(call.query("writable"));
  FoundVolume found = TRY(find_disk(call));
  Holder holder = TRY(holder_of(call, found));
  if (!holder.running()) {
    auto connection = TRY(storage::connect_nbd(call.ctx, *found.pool, found.ref, writable));
    return relay_server_first(call, "nbd", std::move(connection.socket), std::move(connection.hold));
  }
  if (writable) return fail(Code::internal, "Writable NBD requires the instance be stopped");
  auto exports = std::dynamic_pointer_cast<instance::Exports>(holder.instance->runtime());
  if (!exports) return fail(Code::unsupported, "The disks of this instance cannot be read while it runs");
  auto connection = TRY(exports->export_disks(call.ctx, {.devices = {holder.device}, .folder = holder.instance->path()}));
  return relay_server_first(call, "nbd", std::move(connection.socket), std::move(connection.hold));
}

constexpr Access kView = allow("storage_volume", "can_view", "volumeName"), kEdit = allow("storage_volume", "can_edit", "volumeName");
constexpr std::string_view kBitmaps = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/bitmaps";
constexpr std::string_view kBitmap = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/bitmaps/{bitmapName}";
constexpr Route kRoutes[] = {
    {Method::get, kBitmaps, kView, kProject, list_bitmaps, "Get the bitmaps of changed blocks of a volume"},
    {Method::post, kBitmaps, kEdit, kProject, create_bitmap, "Record what changes on a volume"},
    {Method::get, kBitmap, kView, kProject, show_bitmap, "Get a bitmap of a volume"},
    {Method::delete_, kBitmap, kEdit, kProject, delete_bitmap, "Delete a bitmap of a volume"},
    {Method::get, "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/nbd", allow("storage_volume", "can_connect_nbd", "volumeName"), kProject, connect,
     "Connect to the disk of a volume over NBD"},
};

}  // namespace

extern const Routes storage_volume_nbd_routes = kRoutes;

}  // namespace incusd
