// /1.0/networks: managed networks and, for looking, the host's other interfaces.
#include <net/if.h>

#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/network_common.h"
#include "config/api_name.h"
#include "core/gate.h"
#include "network/state.h"
#include "network/sysctl.h"
#include "network/types.h"

namespace incusd {
namespace {

using http::Method;

api::Network describe_managed(Call& call, const NetworkScope& scope, const network::Record& record) {
  api::Network out;
  out.name = record.name;
  out.managed = true;
  out.description = record.description;
  out.type = record.type;
  out.project = scope.stored_in;
  out.status = record.status;
  out.locations = {call.daemon.networks->environment().server_name};
  // The config may hold secrets (BGP passwords): only those who may change it see it.
  if (call.identity.check({"network", scope.stored_in, record.name}, "can_edit")) out.config = record.config;
  return out;
}

/// The network or interface `name`. Errors: not_found.
Result<api::Network> describe(Call& call, const NetworkScope& scope, const std::string& name) {
  auto not_found = [] { return fail(Code::not_found, "Network not found"); };
  if (name.starts_with("veth")) return not_found();
  auto managed = call.daemon.networks->load(scope.stored_in, name);
  if (!managed && managed.error().code() != Code::not_found) return Failure(std::move(managed).error().wrap("Failed loading network"));
  if (!may_view_network(call, scope, name, managed.has_value())) return not_found();
  api::Network out;
  if (managed) {
    out = describe_managed(call, scope, (*managed)->record());
  } else {
    if (!network::interface_exists(name)) return not_found();
    std::string text = network::read_attribute(name, "flags");  // "0x1003", or nothing if the interface went just now
    unsigned flags = text.starts_with("0x") ? static_cast<unsigned>(parse_uint(text.substr(2), 16).value_or(0)) : 0;
    out.name = name;
    out.project = scope.stored_in;
    out.type = network::interface_type(name, flags);
  }
  if (out.type != "loopback")
    out.used_by = visible_users(call.identity, TRY(call.daemon.networks->used_by(scope.stored_in, name, out.type, false)));
  return out;
}

std::string network_etag(const api::Network& network) {
  Json parts = {network.name, network.managed, network.type, network.description, Json::object()};
  for (const auto& [key, value] : network.config) parts[4][key] = value;
  return etag_of(api::dump_json(parts));
}

/// Adds the networks of one project to the reply's lists.
Result<> list_project(Call& call, const NetworkScope& scope, const StringList& names, StringList& urls, StringList& objects) {
  bool full = call.recursion() > 0 || !call.query("filter").empty();
  for (const std::string& name : names) {
    if (full) {
      auto network = describe(call, scope, name);
      if (!network) continue;  // gone, or not for this caller
      objects.push_back(api::dump(*network));
    } else {
      bool managed = call.daemon.networks->load(scope.stored_in, name).has_value();
      if (!may_view_network(call, scope, name, managed)) continue;
    }
    urls.push_back("/1.0/networks/" + url_escape(name));
  }
  return {};
}

Result<Reply> list_networks(Call& call) {
  NetworkScope scope = TRY(network_scope(call));
  std::map<std::string, StringList> names;
  for (const auto& record : TRY(call.daemon.networks->list(""))) {
    bool wanted = call.all_projects() || record.project == scope.stored_in ||
                  (record.project == "default" && network::shared_from_default(scope.project, record.name));
    if (wanted) names[record.project].push_back(record.name);
  }
  if (scope.stored_in == "default")
    for (const std::string& interface : TRY(network::interface_names()))
      if (!contains(names["default"], interface)) names["default"].push_back(interface);
  StringList urls, objects;
  for (const auto& [project, list] : names) TRY(list_project(call, {scope.project, project}, list, urls, objects));
  return list_reply(call, urls, objects);
}

/// A name for a new or renamed network of `type`.
Result<> check_network_name(const NetworkScope& scope, const network::Type& type, const std::string& name) {
  TRY_CTX(config::is_api_name(name), "Invalid network name");
  if (network::shared_from_default(scope.project, name))
    return fail(Code::invalid, "Network name {} is reserved for a network shared from the default project", quote(name));
  TRY_CTX(type.check_name(name), "Invalid network name");
  return {};
}

Result<Reply> create_network(Call& call) {
  NetworkScope scope = TRY(network_scope(call));
  auto request = TRY(call.body<api::NetworksPost>());
  if (request.name.empty()) return fail(Code::invalid, "No name provided");
  if (request.name == "none") return fail(Code::invalid, "Invalid network name: 'none' is a reserved name");
  TRY_CTX(config::is_api_name(request.name), "Invalid network name");
  if (!network::allowed(scope.project.config, request.name, true)) return fail(Code::forbidden, "Network not allowed in project");
  // Only OVN networks can live in projects of their own.
  if (request.type.empty()) request.type = scope.stored_in == "default" ? "bridge" : "ovn";
  const network::Type* type = TRY(network::find_type(request.type));
  TRY(check_network_name(scope, *type, request.name));
  if (scope.stored_in != "default" && !type->projects) return fail(Code::invalid, "Network type does not support non-default projects");
  TRY(call.daemon.global->read([&](db::Tx& tx) { return core::gate::check_network_count(tx, scope.stored_in); }));
  TRY(refused_as_500(call.daemon.networks->create(call.ctx, scope.stored_in, request)));
  std::string url = network_url("networks/" + url_escape(request.name), scope.stored_in);
  network_event(call, scope.stored_in, "network-created", url);
  return created(url);
}

Result<Reply> get_network(Call& call) {
  const std::string& name = call.param("name");
  NetworkScope scope = TRY(network_scope(call, name));
  auto network = TRY(describe(call, scope, name));
  return ok(api::dump(network), network_etag(network));
}

Result<Reply> change_network(Call& call, bool merge) {
  auto network = TRY(find_network(call));
  NetworkScope scope = TRY(network_scope(call));
  TRY(call.check_etag(network_etag(describe_managed(call, scope, network->record()))));
  api::NetworkPut put;
  if (merge) put.description = network->record().description;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (merge) put.config.insert(network->config().begin(), network->config().end());
  TRY(call.daemon.networks->update(call.ctx, scope.stored_in, network->name(), put));
  network_event(call, scope.stored_in, "network-updated", network_url("networks/" + url_escape(network->name()), scope.stored_in));
  return ok();
}
Result<Reply> put_network(Call& call) { return change_network(call, false); }
Result<Reply> patch_network(Call& call) { return change_network(call, true); }

Result<Reply> rename_network(Call& call) {
  auto network = TRY(find_network(call));
  NetworkScope scope = TRY(network_scope(call));
  auto request = TRY(call.body<api::NetworkPost>());
  if (request.name.empty()) return fail(Code::invalid, "New network name not provided");
  TRY(check_network_name(scope, *TRY(network::find_type(network->type())), request.name));
  TRY(call.daemon.networks->rename(call.ctx, scope.stored_in, network->name(), request.name));
  std::string url = network_url("networks/" + url_escape(request.name), scope.stored_in);
  network_event(call, scope.stored_in, "network-renamed", url, Json{{"old_name", network->name()}});
  return created(url);
}

Result<Reply> delete_network(Call& call) {
  auto network = TRY(find_network(call));
  TRY(call.daemon.networks->remove(call.ctx, network->project(), network->name()));
  network_event(call, network->project(), "network-deleted", network_url("networks/" + url_escape(network->name()), network->project()));
  return ok();
}

Result<Reply> get_leases(Call& call) {
  auto network = TRY(find_network(call, true));
  return ok(api::dump(TRY(network->leases(call.project))));
}

Result<Reply> get_state(Call& call) {
  const std::string& name = call.param("name");
  NetworkScope scope = TRY(network_scope(call, name));
  auto managed = call.daemon.networks->load(scope.stored_in, name);
  if (!may_view_network(call, scope, name, managed.has_value())) return fail(Code::not_found, "Network not found");
  auto state = TRY(managed ? (*managed)->state() : network::interface_state(name));
  return ok(api::dump(state));
}

constexpr Access kEdit = allow("network", "can_edit", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/networks", kAuthenticated, kProject, list_networks, "Lists networks and host interfaces"},
    {Method::post, "/1.0/networks", allow("project", "can_create_networks"), kProject, create_network, "Creates a network"},
    {Method::delete_, "/1.0/networks/{name}", kEdit, kProject, delete_network, "Deletes a network nobody uses"},
    {Method::get, "/1.0/networks/{name}", kAuthenticated, kProject, get_network, "Shows a network or host interface"},
    {Method::patch, "/1.0/networks/{name}", kEdit, kProject, patch_network, "Changes some settings of a network"},
    {Method::post, "/1.0/networks/{name}", kEdit, kProject, rename_network, "Renames a network nobody uses"},
    {Method::put, "/1.0/networks/{name}", kEdit, kProject, put_network, "Replaces the settings of a network"},
    {Method::get, "/1.0/networks/{name}/leases", allow("network", "can_view", "name"), kProject, get_leases, "Lists DHCP leases and static addresses"},
    {Method::get, "/1.0/networks/{name}/state", kAuthenticated, kProject, get_state, "Shows addresses and counters of an interface"},
};

}  // namespace

extern const Routes network_routes = kRoutes;

}  // namespace incusd
