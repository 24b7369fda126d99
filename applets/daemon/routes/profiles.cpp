// Profiles: config and devices that instances share.
#include "applets/daemon/routes/config_status.h"
#include "api/types/profile.h"

#include "api/name.h"
#include "api/url.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/profile_change.h"
#include "applets/daemon/route.h"
#include "db/profiles.h"

namespace incusd {
namespace {

using db::profiles::Row;

std::string url_of(const std::string& project, const std::string& name) { return api::entity_url({"profiles", name}, project); }

/// The project whose profiles the request's project uses.
Result<std::string> profile_project(Call& call) { return call.daemon.projects->effective(call.project, "profile"); }

/// Restricted clients see only users in their own projects.
StringList visible(const core::Identity& identity, const StringList& urls) {
  if (identity.admin) return urls;
  StringList list;
  for (const std::string& url : urls) {
    size_t at = url.find("?project=");
    std::string project = at == url.npos ? "default" : url_unescape(url.substr(at + 9)).value_or("");
    if (identity.can_see_project(project)) list.push_back(url);
  }
  return list;
}

api::Profile to_api(const core::Identity& identity, const Row& row, const std::map<int64_t, StringList>& users) {
  api::Profile profile;
  static_cast<api::ProfilePut&>(profile) = row;
  profile.name = row.name;
  profile.project = row.project;
  auto found = users.find(row.id);
  if (found != users.end()) profile.used_by = visible(identity, found->second);
  return profile;
}

std::string profile_etag(const Row& row) {
  Json devices = Json::object();
  for (const auto& [name, device] : row.devices) devices[name] = device;
  return etag_of(api::dump_json(Json::array({row.config, row.description, devices})));
}

Result<Reply> list_profiles(Call& call) {
  std::string project = call.all_projects() ? "" : TRY(profile_project(call));
  auto [rows, users] = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<std::pair<std::vector<Row>, std::map<int64_t, StringList>>> {
    return std::pair(TRY(db::profiles::load_all(tx, project)), TRY(db::profiles::used_by(tx)));
  }));
  StringList urls, objects;
  for (const Row& row : rows) {
    if (!call.identity.check({"profile", row.project, row.name}, "can_view")) continue;
    urls.push_back(url_of(row.project, row.name));
    objects.push_back(api::dump(to_api(call.identity, row, users)));
  }
  return list_reply(call, urls, objects);
}

Result<Row> load_profile(Call& call, const std::string& project) {
  return call.daemon.global->read([&](db::Tx& tx) { return db::profiles::load(tx, project, call.param("name")); });
}

Result<Reply> get_profile(Call& call) {
  Row row = TRY_CTX(load_profile(call, TRY(profile_project(call))), "Fetch profile");
  auto users = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::profiles::used_by(tx); }));
  return ok(api::dump(to_api(call.identity, row, users)), profile_etag(row));
}

Result<Reply> post_profile(Call& call) {
  std::string project = TRY(profile_project(call));
  auto post = TRY(call.body<api::ProfilesPost>());
  if (post.name.empty()) return fail(Code::invalid, "No name provided");
  TRY_CTX(api::validate_name(post.name), "Invalid profile name");
  TRY(validate_profile(call.daemon, project, post));
  auto stored = call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    if (db::profiles::load(tx, project, post.name)) return fail(Code::internal, "The profile already exists");
    TRY(db::profiles::create(tx, project, post));
    return {};
  });
  if (!stored) return std::unexpected(std::move(stored).error().wrap(std::format("Error inserting {} into database", quote(post.name))));
  std::string url = url_of(project, post.name);
  call.daemon.events.lifecycle(project, "profile-created", url, call.identity.requestor);
  return created(url);
}

Result<Reply> change(Call& call, const Row& row, const api::ProfilePut& put) {
  auto changed = update_profile(call.ctx, call.daemon, row, put, call.identity.requestor);
  call.daemon.events.lifecycle(row.project, "profile-updated", url_of(row.project, row.name), call.identity.requestor);
  TRY(refused_as_500(std::move(changed)));
  return ok();
}

Result<Reply> put_profile(Call& call) {
  Row row = TRY_CTX(load_profile(call, TRY(profile_project(call))), "Failed to retrieve profile {}", quote(call.param("name")));
  TRY(call.check_etag(profile_etag(row)));
  return change(call, row, TRY(call.body<api::ProfilePut>()));
}

Result<Reply> patch_profile(Call& call) {
  Row row = TRY_CTX(load_profile(call, TRY(profile_project(call))), "Failed to retrieve profile {}", quote(call.param("name")));
  TRY(call.check_etag(profile_etag(row)));
  api::ProfilePut put{.config = {}, .description = row.description, .devices = {}};
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  put.config.insert(row.config.begin(), row.config.end());
  put.devices.insert(row.devices.begin(), row.devices.end());
  return change(call, row, put);
}

Result<Reply> rename_profile(Call& call) {
  std::string project = TRY(profile_project(call)), name = call.param("name");
  if (name == "default") return fail(Code::forbidden, "The \"default\" profile cannot be renamed");
  auto post = TRY(call.body<api::ProfilePost>());
  if (post.name.empty()) return fail(Code::invalid, "No name provided");
  TRY_CTX(api::validate_name(post.name), "Invalid profile name");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    auto row = db::profiles::load(tx, project, name);
    if (!row) return fail(Code::internal, "Profile {} doesn't exist", quote(name));
    if (db::profiles::load(tx, project, post.name)) return fail(Code::internal, "Profile {} already exists", quote(post.name));
    return db::profiles::rename(tx, row->id, post.name);
  }));
  TRY(profile_renamed(call.ctx, call.daemon, project, post.name));
  std::string url = url_of(project, post.name);
  call.daemon.events.lifecycle(project, "profile-renamed", url, call.identity.requestor, {{"old_name", name}});
  return created(url);
}

Result<Reply> delete_profile(Call& call) {
  std::string project = TRY(profile_project(call)), name = call.param("name");
  if (name == "default") return fail(Code::forbidden, "The \"default\" profile cannot be deleted");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    Row row = TRY(db::profiles::load(tx, project, name));
    if (!TRY(db::profiles::instance_ids(tx, row.id)).empty()) return fail(Code::internal, "Profile is currently in use");
    return db::profiles::remove(tx, row.id);
  }));
  call.daemon.events.lifecycle(project, "profile-deleted", url_of(project, name), call.identity.requestor);
  return ok();
}

constexpr Access kEdit = allow("profile", "can_edit", "name");
constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/profiles", kAuthenticated, kProject, list_profiles, "Profiles"},
    {http::Method::post, "/1.0/profiles", allow("project", "can_create_profiles"), kProject, post_profile, "Create a profile"},
    {http::Method::get, "/1.0/profiles/{name}", allow("profile", "can_view", "name"), kProject, get_profile, "A profile"},
    {http::Method::put, "/1.0/profiles/{name}", kEdit, kProject, put_profile, "Replace a profile"},
    {http::Method::patch, "/1.0/profiles/{name}", kEdit, kProject, patch_profile, "Change a profile"},
    {http::Method::post, "/1.0/profiles/{name}", kEdit, kProject, rename_profile, "Rename a profile"},
    {http::Method::delete_, "/1.0/profiles/{name}", kEdit, kProject, delete_profile, "Delete a profile"},
};

}  // namespace

extern const Routes profile_routes = kRoutes;

}  // namespace incusd
