// /1.0/images/aliases: other names of images.
#include "applets/daemon/routes/image_common.h"
#include "config/api_name.h"

namespace incusd {
namespace {

using http::Method;

api::ImageAliasesEntry to_api(const db::images::AliasRow& row) {
  api::ImageAliasesEntry entry;
  entry.name = row.name;
  entry.description = row.description;
  entry.target = row.fingerprint;
  entry.type = std::string(db::name_of(row.type));
  return entry;
}

std::string alias_etag(const db::images::AliasRow& row) { return etag_of(api::dump(to_api(row))); }

Result<db::images::AliasRow> find_alias(Call& call, const std::string& project) {
  return call.daemon.global->read([&](db::Tx& tx) { return db::images::load_alias(tx, project, call.param("name")); });
}

Result<Reply> list_aliases(Call& call) {
  std::string project = TRY(image_project(call));
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::images::load_aliases(tx, project); }));
  StringList urls, objects;
  for (const auto& row : rows) {
    urls.push_back("/1.0/images/aliases/" + url_escape(row.name));
    objects.push_back(api::dump(to_api(row)));
  }
  return list_reply(call, urls, objects);
}

/// What is wrong with the new name is told before what is wrong with the image or the old one.
Result<> check_free(db::Tx& tx, const std::string& project, const std::string& name) {
  auto taken = db::images::load_alias(tx, project, name);
  if (taken) return fail(Code::conflict, "Alias {} already exists", quote(name));
  return taken.error().code() == Code::not_found ? Result<>() : Failure(taken.error());
}

Result<Reply> create_alias(Call& call) {
  std::string project = TRY(image_project(call));
  auto request = TRY(call.body<api::ImageAliasesPost>());
  if (request.name.empty() || request.target.empty()) return fail(Code::invalid, "Alias name and target are required");
  TRY_CTX(config::is_api_name(request.name, true), "Invalid image alias name");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    TRY(check_free(tx, project, request.name));
    auto image = TRY(db::images::load(tx, project, request.target));
    return db::images::create_alias(tx, project, request.name, request.description, image.id).transform([](int64_t) {});
  }));
  std::string url = image::alias_url(request.name, project);
  emit(call, project, "image-alias-created", url, {{"target", request.target}});
  return created(url);
}

Result<Reply> get_alias(Call& call) {
  std::string project = TRY(image_project(call));
  auto row = TRY(find_alias(call, project));
  if (!call.identity.check({"image_alias", project, row.name}, "can_view")) {
    auto image = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::images::load(tx, project, row.fingerprint); }));
    if (!image.public_) return fail(Code::not_found, "Image alias not found");
  }
  return ok(api::dump(to_api(row)), alias_etag(row));
}

Result<Reply> change_alias(Call& call, bool merge) {
  std::string project = TRY(image_project(call));
  auto row = TRY(find_alias(call, project));
  TRY(call.check_etag(alias_etag(row)));
  api::ImageAliasesEntryPut put;
  if (merge) put = {row.description, row.fingerprint};
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (put.target.empty()) return fail(Code::invalid, "The target field is required");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    auto image = TRY(db::images::load(tx, project, put.target));
    return db::images::update_alias(tx, row.id, put.description, image.id);
  }));
  emit(call, project, "image-alias-updated", image::alias_url(row.name, project), {{"target", put.target}});
  return ok();
}
Result<Reply> put_alias(Call& call) { return change_alias(call, false); }
Result<Reply> patch_alias(Call& call) { return change_alias(call, true); }

Result<Reply> rename_alias(Call& call) {
  std::string project = TRY(image_project(call));
  auto request = TRY(call.body<api::ImageAliasesEntryPost>());
  TRY_CTX(config::is_api_name(request.name, true), "Invalid image alias name");
  TRY(call.daemon.global->read([&](db::Tx& tx) { return check_free(tx, project, request.name); }));
  auto row = TRY(find_alias(call, project));
  TRY(call.daemon.global->write([&](db::Tx& tx) { return db::images::rename_alias(tx, row.id, request.name); }));
  std::string url = image::alias_url(request.name, project);
  emit(call, project, "image-alias-renamed", url, {{"old_name", row.name}});
  return created(url);
}

Result<Reply> delete_alias(Call& call) {
  std::string project = TRY(image_project(call));
  auto row = TRY(find_alias(call, project));
  TRY(call.daemon.global->write([&](db::Tx& tx) { return db::images::remove_alias(tx, row.id); }));
  emit(call, project, "image-alias-deleted", image::alias_url(row.name, project));
  return ok();
}

constexpr Access kEdit = allow("image_alias", "can_edit", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/images/aliases", kAuthenticated, kProject, list_aliases, "List image aliases"},
    {Method::post, "/1.0/images/aliases", allow("project", "can_create_image_aliases"), kProject, create_alias, "Add an image alias"},
    {Method::get, "/1.0/images/aliases/{name...}", kUntrusted, kProject, get_alias, "Show an image alias"},
    {Method::put, "/1.0/images/aliases/{name...}", kEdit, kProject, put_alias, "Point an alias somewhere else"},
    {Method::patch, "/1.0/images/aliases/{name...}", kEdit, kProject, patch_alias, "Change an alias"},
    {Method::post, "/1.0/images/aliases/{name...}", kEdit, kProject, rename_alias, "Rename an alias"},
    {Method::delete_, "/1.0/images/aliases/{name...}", kEdit, kProject, delete_alias, "Delete an alias"},
};

}  // namespace

extern const Routes image_alias_routes = kRoutes;

}  // namespace incusd
