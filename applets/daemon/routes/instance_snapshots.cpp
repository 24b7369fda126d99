// /1.0/instances/{name}/snapshots: snapshots of one instance.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/instance_common.h"
#include "config/api_name.h"
#include "instance/render.h"
#include "instance/snapshot.h"

namespace incusd {
namespace {

using http::Method;

std::map<std::string, StringList> resources_of(const std::string& name, const std::string& snapshot) {
  return {{"instances", {instance_path(name)}}, {"instances_snapshots", {instance_path(name) + "/snapshots/" + url_escape(snapshot)}}};
}

/// The snapshot {snapshot} of {name}. Errors: not_found.
Result<db::snapshots::Row> find_snapshot(Call& call, const instance::InstancePtr& instance) {
  auto view = instance->view();
  const db::snapshots::Row* row = view->snapshot(call.param("snapshot"));
  if (!row) return fail(Code::not_found, "Instance snapshot not found");
  return *row;
}

std::string etag(const db::snapshots::Row& row) { return etag_of("[\"" + row.expires_at.rfc3339() + "\"]"); }

Result<Reply> list_snapshots(Call& call) {
  auto instance = TRY(find_instance(call));
  auto view = instance->view();
  StringList urls, objects;
  for (const db::snapshots::Row& row : view->snapshots) {
    std::string url = instance_path(view->row.name) + "/snapshots/" + url_escape(row.name);
    if (call.project != "default") url += "?project=" + url_escape(call.project);
    urls.push_back(url);
    if (call.recursion() > 0 || !call.query("filter").empty())
      objects.push_back(api::dump(instance::render_snapshot(*view, row, instance::snapshot_size(instance, row.name))));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> post_snapshot(Call& call) {
  auto instance = TRY(find_instance(call));
  auto request = TRY(call.body<api::InstanceSnapshotsPost>());
  auto project = TRY(call.daemon.projects->get(call.project));
  if (is_true(get_or(project.config, "restricted")) && get_or(project.config, "restricted.snapshots") != "allow" && call.project != "default")
    return fail(Code::forbidden, "Project {} doesn't allow for snapshot creation", quote(call.project));
  if (request.name.empty()) request.name = TRY(instance::next_snapshot_name(instance));
  TRY_CTX(config::is_api_name(request.name), "Invalid snapshot name");
  Timestamp expires = request.expires_at ? *request.expires_at : TRY(instance::snapshot_expiry(*instance->view(), true));
  return start_work(call, core::OperationType::snapshot_create, resources_of(instance->name(), request.name),
                    [instance, request, expires](const instance::Job& job) { return instance::create_snapshot(job, instance, request.name, expires, request.stateful); });
}

Result<Reply> get_snapshot(Call& call) {
  auto instance = TRY(find_instance(call));
  auto view = instance->view();
  const db::snapshots::Row* row = view->snapshot(call.param("snapshot"));
  if (!row) return fail(Code::not_found, "Instance snapshot not found");
  return ok(api::dump(instance::render_snapshot(*view, *row, instance::snapshot_size(instance, row->name))), etag(*row));
}

Result<Reply> put_snapshot(Call& call) {
  auto instance = TRY(find_instance(call));
  auto row = TRY(find_snapshot(call, instance));
  TRY(call.check_etag(etag(row)));
  Json body = TRY(refused_as_500(api::parse_json(call.request.body)));
  if (!body.is_object() && !body.is_null()) return fail(Code::internal, "The snapshot's settings must be a JSON object");  // upstream's status
  bool named = body.contains("expires_at") && body["expires_at"].is_string();
  api::InstanceSnapshotPut put;
  if (named) put = TRY(api::from_json<api::InstanceSnapshotPut>(body));
  return start_work(call, core::OperationType::snapshot_update, resources_of(instance->name(), row.name),
                    [instance, named, name = row.name, expires = put.expires_at](const instance::Job& job) -> Result<> {
                      return named ? instance::update_snapshot(job, instance, name, expires) : Result<>();
                    });
}

Result<Reply> rename_snapshot(Call& call) {
  auto instance = TRY(find_instance(call));
  auto row = TRY(find_snapshot(call, instance));
  auto request = TRY(call.body<api::InstanceSnapshotPost>());
  if (request.migration) return fail(Code::unsupported, "Offering a snapshot to another server is not available in this build");
  if (request.name.empty()) return fail(Code::invalid, "A new name for the instance must be provided");
  TRY_CTX(config::is_api_name(request.name), "Invalid snapshot name");
  if (instance->view()->snapshot(request.name)) return fail(Code::conflict, "Name '{}/{}' already in use", instance->name(), request.name);
  return start_work(call, core::OperationType::snapshot_rename, resources_of(instance->name(), row.name),
                    [instance, from = row.name, to = request.name](const instance::Job& job) { return instance::rename_snapshot(job, instance, from, to); });
}

Result<Reply> delete_snapshot(Call& call) {
  auto instance = TRY(find_instance(call));
  auto row = TRY(find_snapshot(call, instance));
  return start_work(call, core::OperationType::snapshot_delete, resources_of(instance->name(), row.name),
                    [instance, name = row.name](const instance::Job& job) { return instance::remove_snapshot(job, instance, name); });
}

constexpr Access kManage = allow("instance", "can_manage_snapshots", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/snapshots", kViewInstance, kProject, list_snapshots, "Lists the snapshots of an instance"},
    {Method::post, "/1.0/instances/{name}/snapshots", kManage, kProject, post_snapshot, "Makes a snapshot"},
    {Method::get, "/1.0/instances/{name}/snapshots/{snapshot}", kViewInstance, kProject, get_snapshot, "Shows a snapshot"},
    {Method::put, "/1.0/instances/{name}/snapshots/{snapshot}", kManage, kProject, put_snapshot, "Changes when a snapshot expires"},
    {Method::patch, "/1.0/instances/{name}/snapshots/{snapshot}", kManage, kProject, put_snapshot, "Changes when a snapshot expires"},
    {Method::post, "/1.0/instances/{name}/snapshots/{snapshot}", kManage, kProject, rename_snapshot, "Renames a snapshot"},
    {Method::delete_, "/1.0/instances/{name}/snapshots/{snapshot}", kManage, kProject, delete_snapshot, "Deletes a snapshot"},
};

}  // namespace

extern const Routes instance_snapshot_routes = kRoutes;

}  // namespace incusd
