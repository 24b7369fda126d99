// /1.0/images: listing, showing, changing and deleting. Making and sending them: image_create.cpp, image_export.cpp.
#include "api/filter.h"
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/image_common.h"
#include "image/refresh.h"

namespace incusd {
namespace {

using http::Method;

std::string image_etag(const db::images::Row& row) {
  Json parts = {row.public_, row.auto_update, Json::object()};
  for (const auto& [key, value] : row.properties) parts[2][key] = value;
  return etag_of(api::dump_json(parts));
}

Result<Reply> list_images(Call& call) {
  if (call.all_projects() && !call.query("project").empty()) return fail(Code::invalid, "Cannot specify a project when requesting all projects");
  std::string project = TRY(image_project(call));
  db::images::Filter filter;
  if (!call.all_projects()) filter.project = project;
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::images::load_all(tx, filter); }));
  StringList urls, objects;
  for (const auto& row : rows) {
    if (!row.public_ && !may_view_images(call, row.project)) continue;
    urls.push_back("/1.0/images/" + row.fingerprint);
    objects.push_back(api::dump(row.to_api()));
  }
  return refused_as_500(list_reply(call, urls, objects));
}

Result<Reply> get_image(Call& call) {
  auto row = TRY(visible_image(call, TRY(image_project(call))));
  return ok(api::dump(row.to_api()), image_etag(row));
}

Result<db::images::Row> find_image(Call& call) {
  std::string project = TRY(image_project(call));
  return call.daemon.global->read([&](db::Tx& tx) { return db::images::load(tx, project, call.param("fingerprint")); });
}

Result<Reply> store_image(Call& call, const db::images::Row& row) {
  auto stored = call.daemon.global->write([&](db::Tx& tx) { return db::images::update(tx, row); });
  if (!stored && stored.error().code() == Code::not_found) return Failure(std::move(stored).error().with_code(Code::invalid));
  if (!stored) return Failure(stored.error());
  emit(call, row.project, "image-updated", image::image_url(row.fingerprint, row.project));
  return ok();
}

Result<Reply> put_image(Call& call) {
  auto row = TRY(find_image(call));
  TRY(call.check_etag(image_etag(row)));
  auto put = TRY(call.body<api::ImagePut>());
  row.auto_update = put.auto_update;
  row.public_ = put.public_;
  row.properties = put.properties;
  row.profiles = put.profiles;
  row.profile_project = TRY(call.daemon.projects->effective(call.project, "profile"));  // the image itself may be in another project
  // An image without profiles is one that asked for none: only leaving the member out means the default.
  Json body = TRY(api::parse_json(call.request.body));
  if (!body.contains("profiles") || body["profiles"].is_null()) row.profiles = {"default"};
  if (!put.expires_at.is_zero()) row.expires_at = put.expires_at;
  return store_image(call, row);
}

Result<Reply> patch_image(Call& call) {
  auto row = TRY(find_image(call));
  TRY(call.check_etag(image_etag(row)));
  api::ImagePut put{row.auto_update, {}, row.public_, row.expires_at, row.profiles};
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  row.auto_update = put.auto_update;
  row.public_ = put.public_;
  for (const auto& [key, value] : put.properties) row.properties[key] = value;
  return store_image(call, row);
}

Result<Reply> delete_image(Call& call) {
  auto row = TRY(find_image(call));
  core::OperationSpec spec;
  spec.type = core::OperationType::image_delete;
  spec.project = call.project;  // where the client waits for it, wherever the image is
  spec.resources["images"] = {entity_url("images/" + row.fingerprint)};
  spec.run = [store = call.daemon.images, row](const Context& ctx, core::Operation& operation) { return store->remove(image_job(ctx, operation), row); };
  return accepted(call, std::move(spec));
}

Result<Reply> refresh_image(Call& call) {
  auto row = TRY(find_image(call));
  core::OperationSpec spec;
  spec.type = core::OperationType::image_refresh;
  spec.project = call.project;
  spec.run = [store = call.daemon.images, row](const Context& ctx, core::Operation& operation) -> Result<> {
    bool refreshed = TRY(image::refresh(image_job(ctx, operation), *store, row));
    return operation.update_metadata({{"refreshed", refreshed}});
  };
  return accepted(call, std::move(spec));
}

Result<Reply> make_secret(Call& call) {
  auto row = TRY(find_image(call));
  return image_token(call, row.project, row.fingerprint, Json::object());
}

constexpr Access kEdit = allow("image", "can_edit", "fingerprint");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/images", kUntrusted, kProject, list_images, "List images"},
    {Method::post, "/1.0/images", kUntrusted, kProject | kLargeBody, create_image, "Add an image"},
    {Method::get, "/1.0/images/{fingerprint}", kUntrusted, kProject, get_image, "Show an image"},
    {Method::put, "/1.0/images/{fingerprint}", kEdit, kProject, put_image, "Replace an image's settings"},
    {Method::patch, "/1.0/images/{fingerprint}", kEdit, kProject, patch_image, "Change an image's settings"},
    {Method::delete_, "/1.0/images/{fingerprint}", kEdit, kProject, delete_image, "Delete an image"},
    {Method::get, "/1.0/images/{fingerprint}/export", kUntrusted, kProject, export_image, "Download an image's files"},
    {Method::post, "/1.0/images/{fingerprint}/export", kEdit, kProject, push_image, "Send an image to another server"},
    {Method::post, "/1.0/images/{fingerprint}/refresh", kEdit, kProject, refresh_image, "Renew an image from where it came"},
    {Method::post, "/1.0/images/{fingerprint}/secret", kEdit, kProject, make_secret, "Make a secret for one download"},
};

}  // namespace

extern const Routes image_routes = kRoutes;

}  // namespace incusd
