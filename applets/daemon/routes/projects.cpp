// Projects: their config, features and usage.
#include "api/types/project.h"

#include "api/url.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/project_change.h"
#include "applets/daemon/route.h"
#include "applets/daemon/trusted.h"
#include "core/gate.h"
#include "core/project_keys.h"
#include "db/profiles.h"
#include "db/projects.h"

namespace incusd {
namespace {

std::string url_of(const std::string& name) { return api::entity_url({"projects", name}); }

Result<api::Project> load_project(db::Tx& tx, const db::projects::Row& row) {
  api::Project project;
  project.config = row.config;
  project.description = row.description;
  project.name = row.name;
  project.used_by = TRY(db::projects::used_by(tx, row));
  return project;
}

Result<api::Project> load_project(Call& call) {
  return call.daemon.global->read([&](db::Tx& tx) -> Result<api::Project> {
    return load_project(tx, TRY(db::projects::load(tx, call.param("name"))));
  });
}

std::string project_etag(const api::Project& project) {
  return etag_of(Json::array({project.description, project.config}).dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<Reply> list_projects(Call& call) {
  auto projects = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<std::vector<api::Project>> {
    std::vector<api::Project> list;
    for (const auto& row : TRY(db::projects::load_all(tx))) {
      if (call.identity.can_see_project(row.name)) list.push_back(TRY(load_project(tx, row)));
    }
    return list;
  }));
  StringList urls, objects;
  for (const api::Project& project : projects) {
    urls.push_back(url_of(project.name));
    objects.push_back(api::dump(project));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> get_project(Call& call) {
  api::Project project = TRY(load_project(call));
  return ok(api::dump(project), project_etag(project));
}

Result<Reply> post_project(Call& call) {
  api::ProjectsPost post;
  // What the request says counts; features it does not name get their defaults.
  TRY(api::merge_json(post, TRY(api::parse_json(call.request.body))));
  for (const auto& feature : core::project_features()) {
    if (feature.default_on) post.config.emplace(feature.key, "true");
  }
  TRY(core::validate_project_name(post.name));
  TRY(check_project_config(call.daemon, post.config));
  if (is_true(get_or(post.config, "features.networks"))) TRY(require_ovn());
  auto done = call.daemon.global->write([&](db::Tx& tx) { return create_project(tx, post); });
  if (!done) return std::unexpected(std::move(done).error().wrap(std::format("Failed creating project {}", quote(post.name))));
  call.daemon.events.lifecycle(post.name, "project-created", url_of(post.name), call.identity.requestor);
  return created(url_of(post.name));
}

Result<Reply> change(Call& call, const api::Project& current, const api::ProjectPut& put) {
  TRY(update_project(call.daemon, current, put));
  call.daemon.events.lifecycle(current.name, "project-updated", url_of(current.name), call.identity.requestor);
  return ok();
}

Result<Reply> put_project(Call& call) {
  api::Project current = TRY(load_project(call));
  TRY(call.check_etag(project_etag(current)));
  return change(call, current, TRY(call.body<api::ProjectPut>()));
}

Result<Reply> patch_project(Call& call) {
  api::Project current = TRY(load_project(call));
  TRY(call.check_etag(project_etag(current)));
  api::ProjectPut put{.config = {}, .description = current.description};
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  put.config.insert(current.config.begin(), current.config.end());
  return change(call, current, put);
}

Result<Reply> rename_project_route(Call& call) {
  std::string name = call.param("name");
  if (name == "default") return fail(Code::forbidden, "The 'default' project cannot be renamed");
  auto post = TRY(call.body<api::ProjectPost>());
  core::OperationSpec spec{.type = core::OperationType::project_rename};
  spec.run = [&daemon = call.daemon, name, to = post.name, requestor = call.identity.requestor](const Context&, core::Operation&) -> Result<> {
    TRY(rename_project(daemon, name, to));
    daemon.events.lifecycle(to, "project-renamed", url_of(to), requestor, {{"old_name", name}});
    return {};
  };
  return accepted(call, std::move(spec));
}

Result<Reply> delete_project_route(Call& call) {
  std::string name = call.param("name");
  if (name == "default") return fail(Code::forbidden, "The 'default' project cannot be deleted");
  if (is_true(call.query("force"))) TRY(empty_project(call.ctx, call.daemon, name));
  TRY(delete_project(call.daemon, name));
  call.daemon.events.lifecycle(name, "project-deleted", url_of(name), call.identity.requestor);
  return ok();
}

Result<Reply> get_state(Call& call) {
  auto state = TRY(call.daemon.global->read([&](db::Tx& tx) { return core::gate::usage(tx, call.param("name")); }));
  return ok(api::dump(state));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/projects", kAuthenticated, kNoFlags, list_projects, "Projects"},
    {http::Method::post, "/1.0/projects", allow("server", "can_create_projects"), kNoFlags, post_project, "Create a project"},
    {http::Method::get, "/1.0/projects/{name}", allow("project", "can_view", "name"), kNoFlags, get_project, "A project"},
    {http::Method::get, "/1.0/projects/{name}/state", allow("project", "can_view", "name"), kNoFlags, get_state, "What a project uses of its limits"},
    {http::Method::put, "/1.0/projects/{name}", allow("project", "can_edit", "name"), kNoFlags, put_project, "Replace a project's config"},
    {http::Method::patch, "/1.0/projects/{name}", allow("project", "can_edit", "name"), kNoFlags, patch_project, "Change a project's config"},
    {http::Method::post, "/1.0/projects/{name}", allow("project", "can_edit", "name"), kNoFlags, rename_project_route, "Rename a project"},
    {http::Method::delete_, "/1.0/projects/{name}", allow("project", "can_edit", "name"), kNoFlags, delete_project_route, "Delete a project"},
};

}  // namespace

extern const Routes project_routes = kRoutes;

}  // namespace incusd
