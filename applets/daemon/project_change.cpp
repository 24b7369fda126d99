#include "applets/daemon/project_change.h"

#include "api/url.h"
#include "applets/daemon/self_call.h"
#include "applets/daemon/trusted.h"
#include "core/gate.h"
#include "core/project_keys.h"
#include "db/networks.h"
#include "db/profiles.h"
#include "db/projects.h"

namespace incusd {
namespace {

Result<StringList> pool_names(db::Tx& tx) {
  StringList names;
  TRY(tx.query("SELECT name FROM storage_pools", {}, [&](const db::Row& row) -> Result<> {
    names.push_back(row.text(0));
    return {};
  }));
  return names;
}

std::string default_profile_url(const std::string& project) { return api::entity_url({"profiles", "default"}, project); }

bool is_empty(const std::string& project, const StringList& used_by) {
  std::string own = default_profile_url(project);
  return std::ranges::all_of(used_by, [&](const std::string& url) { return url == own; });
}

Result<> add_default_profile(db::Tx& tx, const std::string& project) {
  api::ProfilesPost profile;
  profile.name = "default";
  profile.description = "Default Incus profile for project " + project;
  TRY(db::profiles::create(tx, project, profile));
  return {};
}

StringList changed_keys(const StringMap& from, const StringMap& to) {
  StringList keys;
  for (const auto& [key, value] : from) {
    if (get_or(to, key) != value) keys.push_back(key);
  }
  for (const auto& [key, value] : to) {
    if (!from.contains(key)) keys.push_back(key);
  }
  return keys;
}

Result<> check_features(const api::Project& current, const StringList& changed) {
  bool empty = is_empty(current.name, current.used_by);
  for (const auto& feature : core::project_features()) {
    std::string key(feature.key);
    if (!contains(changed, key)) continue;
    if (current.name == "default") return fail(Code::invalid, "You can't change the features of the default project");
    if (empty) continue;
    std::string value = get_or(current.config, key);
    if (is_true(value)) return fail(Code::invalid, "Project feature {} cannot be disabled on non-empty projects", quote(key));
    if (is_false(value) && !feature.can_enable_nonempty) {
      return fail(Code::invalid, "Project feature {} cannot be enabled on non-empty projects", quote(key));
    }
  }
  return {};
}

/// Networks lent by the default project can't have the names of the project's own ones.
Result<> check_shared_networks(db::Tx& tx, const std::string& project, const StringMap& config) {
  if (!core::gate::is_restricted(config) || !is_true(get_or(config, "features.networks"))) return {};
  StringList shared = split_list(get_or(config, "restricted.networks.access"));
  if (shared.empty()) return {};
  for (const auto& network : TRY(db::networks::load_all(tx, project))) {
    if (contains(shared, network.name))
      return fail(Code::invalid, "Network {} in restricted.networks.access conflicts with an existing project network", quote(network.name));
  }
  return {};
}

Result<> store_change(db::Tx& tx, const std::string& name, const api::ProjectPut& put, const StringList& changed) {
  auto row = TRY(db::projects::load(tx, name));
  TRY(check_shared_networks(tx, name, put.config));
  TRY(core::gate::check_project_update(tx, name, put.config, changed));
  TRY(db::projects::update(tx, row.id, put));
  if (!contains(changed, "features.profiles")) return {};
  if (is_true(get_or(put.config, "features.profiles"))) return add_default_profile(tx, name);
  return db::profiles::remove(tx, TRY(db::profiles::id_of(tx, name, "default")));
}

/// The calls that remove one thing a project uses, by its collection.
Result<> remove_content(const Context& ctx, Daemon& daemon, const std::string& project, const std::string& url) {
  if (url.starts_with("/1.0/instances/")) {
    Json state = TRY(self_call(ctx, daemon, http::Method::get, url, ""));
    if (state.value("status", "") != "Stopped") {
      std::string state_url = url.substr(0, url.find('?')) + "/state" + "?project=" + url_escape(project);
      TRY(self_call(ctx, daemon, http::Method::put, state_url, R"({"action":"stop","timeout":-1,"force":true})"));
    }
    if (is_true(state["expanded_config"].value("security.protection.delete", ""))) {
      TRY(self_call(ctx, daemon, http::Method::patch, url, R"({"config":{"security.protection.delete":"false"}})"));
    }
  }
  TRY(self_call(ctx, daemon, http::Method::delete_, url, ""));
  return {};
}

}  // namespace

Result<> check_project_config(Daemon& daemon, const StringMap& config) {
  return core::validate_project_config(config, TRY(daemon.global->read(pool_names)));
}

Result<> require_ovn() { return fail(Code::invalid, "OVN is required for projects with \"features.networks\" enabled"); }

Result<> create_project(db::Tx& tx, const api::ProjectsPost& post) {
  TRY(db::projects::create(tx, post));
  if (is_true(get_or(post.config, "features.profiles"))) TRY(add_default_profile(tx, post.name));
  return {};
}

Result<> update_project(Daemon& daemon, const api::Project& current, const api::ProjectPut& put) {
  StringList changed = changed_keys(current.config, put.config);
  TRY(check_features(current, changed));
  TRY(check_project_config(daemon, put.config));
  if (contains(changed, "features.networks") && is_true(get_or(put.config, "features.networks"))) TRY(require_ovn());
  return daemon.global->write([&](db::Tx& tx) { return store_change(tx, current.name, put, changed); });
}

Result<> rename_project(Daemon& daemon, const std::string& name, const std::string& to) {
  TRY(daemon.global->write([&](db::Tx& tx) -> Result<> {
    if (db::projects::load(tx, to)) return fail(Code::conflict, "A project named {} already exists", quote(to));
    auto row = TRY_CTX(db::projects::load(tx, name), "Failed loading project {}", quote(name));
    if (!is_empty(name, TRY(db::projects::used_by(tx, row)))) return fail(Code::invalid, "Only empty projects can be renamed");
    TRY(core::validate_project_name(to));
    return db::projects::rename(tx, row.id, to);
  }));
  return reload_trust(daemon);
}

Result<> delete_project(Daemon& daemon, const std::string& name) {
  TRY(daemon.global->write([&](db::Tx& tx) -> Result<> {
    auto row = TRY_CTX(db::projects::load(tx, name), "Fetch project {}", quote(name));
    if (!is_empty(name, TRY(db::projects::used_by(tx, row)))) return fail(Code::internal, "Only empty projects can be removed.");
    return db::projects::remove(tx, row.id);
  }));
  return reload_trust(daemon);
}

Result<> empty_project(const Context& ctx, Daemon& daemon, const std::string& name) {
  auto used_by = TRY(daemon.global->read([&](db::Tx& tx) -> Result<StringList> {
    auto row = TRY_CTX(db::projects::load(tx, name), "Fetch project {}", quote(name));
    return db::projects::used_by(tx, row);
  }));
  // Instances come first in the list, then what they use.
  for (const std::string& url : used_by) {
    if (url == default_profile_url(name)) {
      TRY(self_call(ctx, daemon, http::Method::put, url, R"({"config":{},"description":"","devices":{}})"));
    } else {
      TRY(remove_content(ctx, daemon, name, url));
    }
  }
  return {};
}

}  // namespace incusd
