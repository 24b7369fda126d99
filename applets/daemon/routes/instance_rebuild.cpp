// POST /1.0/instances/{name}/rebuild: a new root file system for an instance.
#include "applets/daemon/routes/instance_common.h"
#include "core/project_cache.h"
#include "image/store.h"
#include "instance/rebuild.h"

namespace incusd {
namespace {

using http::Method;

Result<Reply> rebuild(Call& call) {
  auto instance = TRY(find_instance(call));
  auto request = TRY(call.body<api::InstanceRebuildPost>());
  if (instance->running()) return fail(Code::invalid, "Instance must be stopped to be rebuilt");
  bool empty = request.source.type == "none";
  std::optional<db::images::Row> image;
  if (!empty && request.source.server.empty()) {
    image = TRY(instance::find_image(*call.daemon.instances, call.project, request.source, ""));
    if (!image) return fail(Code::not_found, "Image not provided for instance rebuild");
    request.source.alias.clear();
    request.source.properties.clear();
    request.source.fingerprint = image->fingerprint;
  }
  return start_work(call, core::OperationType::instance_rebuild, instance->name(),
                    [instance, empty, source = request.source, &daemon = call.daemon, project = call.project](const instance::Job& job) -> Result<> {
                      if (empty) return instance::rebuild(job, instance, std::nullopt);
                      std::string image_project = TRY(daemon.projects->effective(project, "image"));
                      image::Job image_job{.ctx = job.ctx, .requestor = job.requestor, .operation = job.operation};
                      return instance::rebuild(job, instance, TRY(daemon.images->obtain(image_job, image_project, source, instance->view()->row.type)));
                    });
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/rebuild", kEditInstance, kProject, rebuild, "Gives an instance a new root file system"},
};

}  // namespace

extern const Routes instance_rebuild_routes = kRoutes;

}  // namespace incusd
