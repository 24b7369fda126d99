// /1.0/instances/{name}: one instance: showing, changing, renaming, moving, rebuilding, deleting.
#include "api/architecture.h"
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/instance_list.h"
#include "instance/move.h"
#include "instance/remove.h"
#include "instance/render.h"
#include "instance/snapshot.h"
#include "instance/update.h"

namespace incusd {
namespace {

using http::Method;

Result<Reply> get_instance(Call& call) {
  auto instance = TRY(find_instance(call));
  std::string etag = etag_of(instance::etag_text(*instance->view()));
  return ok(instance_object(call.ctx, *instance, std::max(call.recursion(), 0) > 0 ? 2 : 1), etag);
}

Result<db::instances::Row> row_with(const instance::View& view, const api::InstancePut& put) {
  db::instances::Row row = view.row;
  if (!put.architecture.empty()) row.architecture = TRY(api::architecture_id(put.architecture));
  row.config = put.config;
  row.devices = put.devices;
  row.profiles = put.profiles;
  row.ephemeral = put.ephemeral;
  row.description = put.description;
  return row;
}

Result<Reply> put_instance(Call& call) {
  auto instance = TRY(find_instance(call));
  auto view = instance->view();
  TRY(call.check_etag(etag_of(instance::etag_text(*view))));
  Json body = TRY(api::parse_json(call.request.body));
  auto put = TRY(api::from_json<api::InstancePut>(body));
  if (!put.restore.empty()) {
    return start_work(call, core::OperationType::snapshot_restore, instance->name(), [instance, put](const instance::Job& job) {
      return instance::restore(job, instance, put.restore, {.stateful = put.stateful, .disk_only = put.disk_only});
    });
  }
  if (!body.contains("profiles") || body["profiles"].is_null()) put.profiles = view->row.profiles;
  db::instances::Row row = TRY(row_with(*view, put));
  return start_work(call, core::OperationType::instance_update, instance->name(),
                    [instance, row](const instance::Job& job) { return instance::update(job, instance, row, true); });
}

Result<Reply> patch_instance(Call& call) {
  auto instance = TRY(find_instance(call));
  auto view = instance->view();
  TRY(call.check_etag(etag_of(instance::etag_text(*view))));
  Json body = TRY(api::parse_json(call.request.body));
  api::InstancePut put = instance::render(*view, instance->status());
  StringMap config = put.config;
  api::DevicesMap devices = put.devices;
  TRY(api::merge_json(put, body));
  if (!put.restore.empty()) return fail(Code::invalid, "Can't call PATCH in restore mode");
  // What a patch does not name stays.
  if (body.contains("config")) put.config.insert(config.begin(), config.end());
  if (body.contains("devices")) put.devices.insert(devices.begin(), devices.end());
  TRY(refused_as_500(instance::update(job_of(call), instance, TRY(row_with(*view, put)), true)));
  return ok();
}

Result<Reply> post_instance(Call& call) {
  auto instance = TRY(find_instance(call));
  Json body = TRY(api::parse_json(call.request.body));
  auto request = TRY(api::from_json<api::InstancePost>(body));
  if (!request.migration && request.pool.empty() && request.project.empty()) {
    TRY(instance::check_name(request.name));
    if (call.daemon.instances->find(call.project, request.name)) return fail(Code::conflict, "Name {} already in use", quote(request.name));
    return start_work(call, core::OperationType::instance_rename, {{"instances", {instance_path(instance->name()), instance_path(request.name)}}},
                      [instance, name = request.name](const instance::Job& job) { return instance::rename(job, instance, name); });
  }
  if (request.refresh && request.live) return fail(Code::invalid, "Refresh migration can't be used with a stateful migration");
  if (request.target) return fail(Code::unsupported, "Pushing an instance to another server is not available in this build");
  if (request.pool.empty() && request.project.empty()) return fail(Code::unsupported, "Offering an instance to another server is not available in this build");
  if (!request.project.empty()) TRY(call.identity.check({"project", request.project, request.project}, "can_create_instances"));
  instance::MoveOptions options{.name = request.name.empty() ? instance->name() : request.name,
                                .pool = request.pool,
                                .project = request.project.empty() ? call.project : request.project,
                                .instance_only = request.instance_only,
                                .config = request.config,
                                .devices = request.devices,
                                .profiles = std::nullopt};
  if (body.contains("Profiles") && !body["Profiles"].is_null()) options.profiles = request.profiles;
  if (body.contains("profiles") && !body["profiles"].is_null()) options.profiles = request.profiles;
  return start_work(call, core::OperationType::instance_migrate, instance->name(),
                    [instance, options](const instance::Job& job) { return instance::move(job, instance, options); });
}

Result<Reply> delete_instance(Call& call) {
  auto instance = TRY(find_instance(call));
  if (instance->running()) return fail(Code::invalid, "Instance is running");
  return start_work(call, core::OperationType::instance_delete, instance->name(),
                    [instance](const instance::Job& job) { return instance::remove(job, instance, false); });
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}", kViewInstance, kProject, get_instance, "Shows an instance"},
    {Method::put, "/1.0/instances/{name}", kEditInstance, kProject, put_instance, "Replaces the settings of an instance or restores a snapshot"},
    {Method::patch, "/1.0/instances/{name}", kEditInstance, kProject, patch_instance, "Changes some settings of an instance"},
    {Method::post, "/1.0/instances/{name}", kEditInstance, kProject, post_instance, "Renames or moves an instance"},
    {Method::delete_, "/1.0/instances/{name}", kEditInstance, kProject, delete_instance, "Deletes an instance"},
};

}  // namespace

extern const Routes instance_routes = kRoutes;

}  // namespace incusd
