// /1.0/network-address-sets.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/network_common.h"
#include "network/address_set/address_set.h"

namespace incusd {
namespace {

using http::Method;
using network::address_set::AddressSet;

const network::Environment& environment(Call& call) { return call.daemon.networks->environment(); }
std::string set_url(const std::string& name, const std::string& project) { return network_url("network-address-sets/" + url_escape(name), project); }

Result<AddressSet> find_set(Call& call) {
  return network::address_set::load(environment(call), TRY(network_scope(call)).stored_in, call.param("name"));
}

Result<std::string> describe(Call& call, const AddressSet& set) {
  api::NetworkAddressSet out;
  static_cast<api::NetworkAddressSetPut&>(out) = set;
  out.name = set.name;
  out.project = set.project;
  out.used_by = visible_users(call.identity, TRY(network::address_set::used_by(environment(call), set.project, set.name)));
  return api::dump(out);
}

std::string set_etag(const AddressSet& set) { return etag_of(set.name + api::dump(api::slice<api::NetworkAddressSetPut>(set))); }

Result<Reply> list_sets(Call& call) {
  std::string project = call.all_projects() ? "" : TRY(network_scope(call)).stored_in;
  bool full = call.recursion() > 0 || !call.query("filter").empty();
  StringList urls, objects;
  for (const AddressSet& set : TRY(network::address_set::load_all(environment(call), project))) {
    if (!call.identity.check({"network_address_set", set.project, set.name}, "can_view")) continue;
    urls.push_back("/1.0/network-address-sets/" + url_escape(set.name));
    if (full) objects.push_back(TRY(describe(call, set)));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_set(Call& call) {
  std::string project = TRY(network_scope(call)).stored_in;
  auto request = TRY(call.body<api::NetworkAddressSetsPost>());
  TRY(refused_as_500(network::address_set::create(environment(call), project, request)));
  std::string url = set_url(request.name, project);
  network_event(call, project, "network-address-set-created", url);
  return created(url);
}

Result<Reply> get_set(Call& call) {
  AddressSet set = TRY(find_set(call));
  return ok(TRY(describe(call, set)), set_etag(set));
}

Result<Reply> change_set(Call& call, bool merge) {
  AddressSet set = TRY(find_set(call));
  TRY(call.check_etag(set_etag(set)));
  api::NetworkAddressSetPut put;
  if (merge) put = set;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (merge) put.config.insert(set.config.begin(), set.config.end());
  TRY(refused_as_500(network::address_set::update(call.ctx, environment(call), set, put)));
  network_event(call, set.project, "network-address-set-updated", set_url(set.name, set.project));
  return ok();
}
Result<Reply> put_set(Call& call) { return change_set(call, false); }
Result<Reply> patch_set(Call& call) { return change_set(call, true); }

Result<Reply> rename_set(Call& call) {
  AddressSet set = TRY(find_set(call));
  auto request = TRY(call.body<api::NetworkAddressSetPost>());
  TRY(refused_as_500(network::address_set::rename(call.ctx, environment(call), set, request.name)));
  std::string url = set_url(request.name, set.project);
  network_event(call, set.project, "network-address-set-renamed", url, Json{{"old_name", set.name}});
  return created(url);
}

Result<Reply> delete_set(Call& call) {
  AddressSet set = TRY(find_set(call));
  TRY(network::address_set::remove(call.ctx, environment(call), set));
  network_event(call, set.project, "network-address-set-deleted", set_url(set.name, set.project));
  return ok();
}

constexpr Access kEdit = allow("network_address_set", "can_edit", "name"), kView = allow("network_address_set", "can_view", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/network-address-sets", kAuthenticated, kProject, list_sets, "Lists network address sets"},
    {Method::post, "/1.0/network-address-sets", allow("project", "can_create_network_address_sets"), kProject, create_set, "Creates a network address set"},
    {Method::delete_, "/1.0/network-address-sets/{name}", kEdit, kProject, delete_set, "Deletes a network address set nobody uses"},
    {Method::get, "/1.0/network-address-sets/{name}", kView, kProject, get_set, "Shows a network address set"},
    {Method::patch, "/1.0/network-address-sets/{name}", kEdit, kProject, patch_set, "Changes a network address set"},
    {Method::post, "/1.0/network-address-sets/{name}", kEdit, kProject, rename_set, "Renames a network address set nobody uses"},
    {Method::put, "/1.0/network-address-sets/{name}", kEdit, kProject, put_set, "Replaces a network address set"},
};

}  // namespace

extern const Routes network_address_set_routes = kRoutes;

}  // namespace incusd
