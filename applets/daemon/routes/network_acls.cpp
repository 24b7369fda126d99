// /1.0/network-acls.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/network_common.h"
#include "network/acl/acl.h"

namespace incusd {
namespace {

using http::Method;
using network::acl::Acl;

const network::Environment& environment(Call& call) { return call.daemon.networks->environment(); }
std::string acl_url(const std::string& name, const std::string& project) { return network_url("network-acls/" + url_escape(name), project); }

Result<Acl> find_acl(Call& call) { return network::acl::load(environment(call), TRY(network_scope(call)).stored_in, call.param("name")); }

Result<std::string> describe(Call& call, const Acl& acl) {
  api::NetworkACL out;
  static_cast<api::NetworkACLPut&>(out) = acl;
  out.name = acl.name;
  out.project = acl.project;
  out.used_by = visible_users(call.identity, TRY(network::acl::used_by(environment(call), acl.project, acl.name)));
  return api::dump(out);
}

std::string acl_etag(const Acl& acl) { return etag_of(acl.name + api::dump(api::slice<api::NetworkACLPut>(acl))); }

Result<Reply> list_acls(Call& call) {
  std::string project = call.all_projects() ? "" : TRY(network_scope(call)).stored_in;
  bool full = call.recursion() > 0 || !call.query("filter").empty();
  StringList urls, objects;
  for (const Acl& acl : TRY(network::acl::load_all(environment(call), project))) {
    if (!call.identity.check({"network_acl", acl.project, acl.name}, "can_view")) continue;
    urls.push_back("/1.0/network-acls/" + url_escape(acl.name));
    if (full) objects.push_back(TRY(describe(call, acl)));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_acl(Call& call) {
  std::string project = TRY(network_scope(call)).stored_in;
  auto request = TRY(call.body<api::NetworkACLsPost>());
  if (network::acl::load(environment(call), project, request.name)) return fail(Code::invalid, "The network ACL already exists");
  TRY(refused_as_500(network::acl::create(environment(call), project, request)));
  std::string url = acl_url(request.name, project);
  network_event(call, project, "network-acl-created", url);
  return created(url);
}

Result<Reply> get_acl(Call& call) {
  Acl acl = TRY(find_acl(call));
  return ok(TRY(describe(call, acl)), acl_etag(acl));
}

/// PATCH merges only the config; rules and description are what the request says, as clients of this API expect.
Result<Reply> change_acl(Call& call, bool merge) {
  Acl acl = TRY(find_acl(call));
  TRY(call.check_etag(acl_etag(acl)));
  auto put = TRY(call.body<api::NetworkACLPut>());
  if (merge) put.config.insert(acl.config.begin(), acl.config.end());
  TRY(refused_as_500(network::acl::update(call.ctx, environment(call), acl, std::move(put))));
  network_event(call, acl.project, "network-acl-updated", acl_url(acl.name, acl.project));
  return ok();
}
Result<Reply> put_acl(Call& call) { return change_acl(call, false); }
Result<Reply> patch_acl(Call& call) { return change_acl(call, true); }

Result<Reply> rename_acl(Call& call) {
  Acl acl = TRY(find_acl(call));
  auto request = TRY(call.body<api::NetworkACLPost>());
  TRY(refused_as_500(network::acl::rename(environment(call), acl, request.name)));
  std::string url = acl_url(request.name, acl.project);
  network_event(call, acl.project, "network-acl-renamed", url, Json{{"old_name", acl.name}});
  return created(url);
}

Result<Reply> delete_acl(Call& call) {
  Acl acl = TRY(find_acl(call));
  TRY(network::acl::remove(environment(call), acl));
  network_event(call, acl.project, "network-acl-deleted", acl_url(acl.name, acl.project));
  return ok();
}

Result<Reply> get_acl_log(Call& call) {
  TRY(find_acl(call));
  return fail(Code::internal, "Only OVN log entries may be retrieved at this time");
}

constexpr Access kEdit = allow("network_acl", "can_edit", "name"), kView = allow("network_acl", "can_view", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/network-acls", kAuthenticated, kProject, list_acls, "Lists network ACLs"},
    {Method::post, "/1.0/network-acls", allow("project", "can_create_network_acls"), kProject, create_acl, "Creates a network ACL"},
    {Method::delete_, "/1.0/network-acls/{name}", kEdit, kProject, delete_acl, "Deletes a network ACL nobody uses"},
    {Method::get, "/1.0/network-acls/{name}", kView, kProject, get_acl, "Shows a network ACL"},
    {Method::patch, "/1.0/network-acls/{name}", kEdit, kProject, patch_acl, "Changes a network ACL"},
    {Method::post, "/1.0/network-acls/{name}", kEdit, kProject, rename_acl, "Renames a network ACL nobody uses"},
    {Method::put, "/1.0/network-acls/{name}", kEdit, kProject, put_acl, "Replaces a network ACL's rules"},
    {Method::get, "/1.0/network-acls/{name}/log", kView, kProject, get_acl_log, "Shows what the rules logged"},
};

}  // namespace

extern const Routes network_acl_routes = kRoutes;

}  // namespace incusd
