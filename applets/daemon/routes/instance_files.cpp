// /1.0/instances/{name}/files and /sftp: the files of an instance, running or not.
#include "applets/daemon/routes/file_transfer.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/relay.h"
#include "instance/files.h"

namespace incusd {
namespace {

using http::Method;

Result<Reply> files(Call& call) {
  auto instance = TRY(find_instance(call));
  auto connection = TRY(instance::connect_files(call.ctx, instance));
  auto client = TRY(sys::sftp::Client::connect(sys::sftp::make_channel(std::move(connection.socket))));
  std::string path = call.query("path");
  auto job = job_of(call);
  return transfer_file(call, std::move(client), connection.hold, [&](std::string_view what) {
    instance::lifecycle(*instance, job, "instance-file-" + std::string(what), {{"path", path}});
  });
}

Result<Reply> sftp(Call& call) {
  TRY(check_upgrade(call, "sftp"));
  auto instance = TRY(find_instance(call));
  auto connection = TRY(instance::connect_files(call.ctx, instance));
  return relay("sftp", std::move(connection.socket), connection.hold);
}

constexpr Access kFiles = allow("instance", "can_access_files", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/files", kFiles, kProject, files, "Reads a file or lists a folder of an instance"},
    {Method::head, "/1.0/instances/{name}/files", kFiles, kProject, files, "Describes a file of an instance"},
    {Method::post, "/1.0/instances/{name}/files", kFiles, kProject | kLargeBody, files, "Writes a file, makes a folder or link"},
    {Method::delete_, "/1.0/instances/{name}/files", kFiles, kProject, files, "Deletes a file or folder"},
    {Method::get, "/1.0/instances/{name}/sftp", allow("instance", "can_connect_sftp", "name"), kProject, sftp, "Connects to the files of an instance over SFTP"},
};

}  // namespace

extern const Routes instance_file_routes = kRoutes;

}  // namespace incusd
