// /1.0/storage-pools/{pool}/volumes/{type}/{volume}/files and /sftp: the files of custom volumes; /rebuild, which drops them.
#include "applets/daemon/routes/file_transfer.h"
#include "applets/daemon/routes/relay.h"
#include "applets/daemon/routes/volume_common.h"
#include "storage/files.h"

namespace incusd {
namespace {

using http::Method;

Result<FoundVolume> find_custom(Call& call) {
  auto type = TRY(volume_type_param(call));
  if (type != db::VolumeType::custom) return fail(Code::invalid, "Invalid storage volume type {}", quote(call.param("type")));
  return find_volume(call);
}

Result<Reply> files(Call& call) {
  auto found = TRY(find_custom(call));
  auto connection = TRY(storage::connect_files(call.ctx, *found.pool, found.ref, found.row.config));
  auto client = TRY(sys::sftp::Client::connect(sys::sftp::make_channel(std::move(connection.socket))));
  return transfer_file(call, std::move(client), connection.hold, [&](std::string_view what) {
    emit(call, found.project, "storage-volume-file-" + std::string(what), volume_url(found.pool->name(), found.row), {{"path", call.query("path")}});
  });
}

Result<Reply> sftp(Call& call) {
  TRY(check_upgrade(call, "sftp"));
  auto found = TRY(find_custom(call));
  auto connection = TRY(storage::connect_files(call.ctx, *found.pool, found.ref, found.row.config));
  return relay("sftp", std::move(connection.socket), connection.hold);
}

Result<Reply> rebuild(Call& call) {
  auto type = TRY(volume_type_param(call));
  if (type != db::VolumeType::custom) return fail(Code::invalid, "Storage volumes of type {} cannot be rebuilt", quote(call.param("type")));
  auto found = TRY(find_volume(call));
  TRY_CTX(check_not_running(call, found.row), "Cannot rebuild the volume");
  core::OperationSpec spec;
  spec.type = core::OperationType::volume_rebuild;
  spec.project = call.project;
  spec.resources["storage_volumes"] = {"/1.0/" + volume_path(found.pool->name(), "custom", found.row.name)};
  spec.run = [found](const Context& ctx, core::Operation&) { return found.pool->empty(ctx, found.ref); };
  return accepted(call, std::move(spec));
}

constexpr Access kFiles = allow("storage_volume", "can_access_files", "volumeName");
constexpr std::string_view kPath = "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/files";
constexpr Route kRoutes[] = {
    {Method::get, kPath, kFiles, kProject, files, "Read a file or list a folder of a volume"},
    {Method::head, kPath, kFiles, kProject, files, "Describe a file of a volume"},
    {Method::post, kPath, kFiles, kProject | kLargeBody, files, "Write a file, make a folder or link in a volume"},
    {Method::delete_, kPath, kFiles, kProject, files, "Delete a file or folder of a volume"},
    {Method::get, "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/sftp", allow("storage_volume", "can_connect_sftp", "volumeName"), kProject, sftp,
     "Connect to the files of a volume over SFTP"},
    {Method::post, "/1.0/storage-pools/{poolName}/volumes/{type}/{volumeName}/rebuild", allow("storage_volume", "can_edit", "volumeName"), kProject, rebuild,
     "Empty a volume, keeping its config"},
};

}  // namespace

extern const Routes storage_volume_file_routes = kRoutes;

}  // namespace incusd
