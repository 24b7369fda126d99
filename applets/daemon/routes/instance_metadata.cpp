// /1.0/instances/{name}/metadata: what the image said about the instance, and its templates.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/instance_sources.h"
#include "instance/metadata.h"
#include "instance/volume.h"

namespace incusd {
namespace {

using http::Method;

/// metadata.yaml of the instance; `mounted` keeps the volume in reach.
struct Opened {
  instance::InstancePtr instance;
  storage::Mounted mounted;
};
Result<Opened> open_volume(Call& call) {
  Opened out;
  out.instance = TRY(find_instance(call));
  out.mounted = TRY(instance::mount_volume(call.ctx, out.instance));
  return out;
}

std::string etag(const api::ImageMetadata& metadata) { return etag_of(api::dump(metadata)); }

Result<Reply> get_metadata(Call& call) {
  Opened opened = TRY(open_volume(call));
  api::ImageMetadata metadata = TRY(instance::load_metadata(opened.mounted.path));
  instance::lifecycle(*opened.instance, job_of(call), "instance-metadata-retrieved");
  return ok(api::dump(metadata), etag(metadata));
}

Result<Reply> store(Call& call, const Opened& opened, const api::ImageMetadata& metadata) {
  TRY(instance::save_metadata(opened.mounted.path, metadata));
  instance::lifecycle(*opened.instance, job_of(call), "instance-metadata-updated");
  return ok();
}

Result<Reply> put_metadata(Call& call) {
  auto metadata = TRY(call.body<api::ImageMetadata>());
  return store(call, TRY(open_volume(call)), metadata);
}

Result<Reply> patch_metadata(Call& call) {
  Opened opened = TRY(open_volume(call));
  api::ImageMetadata metadata = TRY(instance::load_metadata(opened.mounted.path));
  TRY(call.check_etag(etag(metadata)));
  Json body = TRY(api::parse_json(call.request.body));
  StringMap properties = metadata.properties;
  auto templates = metadata.templates;
  TRY(api::merge_json(metadata, body));
  if (body.contains("properties")) metadata.properties.insert(properties.begin(), properties.end());
  if (body.contains("templates")) metadata.templates.insert(templates.begin(), templates.end());
  return store(call, opened, metadata);
}

Result<Reply> get_templates(Call& call) {
  Opened opened = TRY(open_volume(call));
  std::string name = call.query("path");
  if (name.empty()) return ok(api::dump(TRY(instance::template_names(opened.mounted.path))));
  http::Response response;
  response.body = TRY(refused_as_500(instance::read_template(opened.mounted.path, name)));
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=" + quote(name));
  instance::lifecycle(*opened.instance, job_of(call), "instance-metadata-template-retrieved", {{"path", name}});
  return raw(std::move(response));
}

Result<Reply> post_template(Call& call) {
  std::string name = call.query("path");
  if (name.empty()) return fail(Code::invalid, "Missing path argument");
  Opened opened = TRY(open_volume(call));
  std::string text = TRY(read_request_body(call));
  TRY(refused_as_500(instance::write_template(opened.mounted.path, name, text)));
  instance::lifecycle(*opened.instance, job_of(call), "instance-metadata-template-created", {{"path", name}});
  return ok();
}

Result<Reply> delete_template(Call& call) {
  std::string name = call.query("path");
  if (name.empty()) return fail(Code::invalid, "Missing path argument");
  Opened opened = TRY(open_volume(call));
  TRY(refused_as_500(instance::remove_template(opened.mounted.path, name)));
  instance::lifecycle(*opened.instance, job_of(call), "instance-metadata-template-deleted", {{"path", name}});
  return ok();
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/metadata", kViewInstance, kProject, get_metadata, "Shows the image metadata of an instance"},
    {Method::put, "/1.0/instances/{name}/metadata", kEditInstance, kProject, put_metadata, "Replaces the image metadata of an instance"},
    {Method::patch, "/1.0/instances/{name}/metadata", kEditInstance, kProject, patch_metadata, "Changes parts of the image metadata of an instance"},
    {Method::get, "/1.0/instances/{name}/metadata/templates", kViewInstance, kProject, get_templates, "Lists the templates of an instance or reads one"},
    {Method::post, "/1.0/instances/{name}/metadata/templates", kEditInstance, kProject | kLargeBody, post_template, "Writes a template"},
    {Method::delete_, "/1.0/instances/{name}/metadata/templates", kEditInstance, kProject, delete_template, "Deletes a template"},
};

}  // namespace

extern const Routes instance_metadata_routes = kRoutes;

}  // namespace incusd
