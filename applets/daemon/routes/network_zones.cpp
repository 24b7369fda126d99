// /1.0/network-zones and their records.
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/network_common.h"
#include "network/zone/zone.h"

namespace incusd {
namespace {

using http::Method;
using network::zone::Zone;
using ZoneRecord = network::zone::Record;

const network::Environment& environment(Call& call) { return call.daemon.networks->environment(); }

/// Zones are a feature of their own, apart from networks.
Result<std::string> zone_project(Call& call) {
  auto project = TRY(call.daemon.projects->get(call.project));
  return is_true(get_or(project.config, "features.networks.zones")) ? project.name : std::string("default");
}

std::string zone_url(const Zone& zone) { return network_url("network-zones/" + url_escape(zone.name), zone.project); }
std::string record_url(const Zone& zone, const std::string& name) {
  return network_url("network-zones/" + url_escape(zone.name) + "/records/" + url_escape(name), zone.project);
}

Result<Zone> find_zone(Call& call) { return network::zone::load(environment(call), TRY(zone_project(call)), call.param("zone")); }

Result<std::string> describe(Call& call, const Zone& zone) {
  api::NetworkZone out;
  static_cast<api::NetworkZonePut&>(out) = zone;
  out.name = zone.name;
  out.project = zone.project;
  out.used_by = visible_users(call.identity, TRY(network::zone::used_by(environment(call), zone.name)));
  return api::dump(out);
}

std::string describe(const ZoneRecord& record) {
  api::NetworkZoneRecord out;
  static_cast<api::NetworkZoneRecordPut&>(out) = record;
  out.name = record.name;
  return api::dump(out);
}

std::string zone_etag(const Zone& zone) { return etag_of(zone.name + api::dump(api::slice<api::NetworkZonePut>(zone))); }

Result<Reply> list_zones(Call& call) {
  std::string project = call.all_projects() ? "" : TRY(zone_project(call));
  StringList urls, objects;
  for (const Zone& zone : TRY(network::zone::load_all(environment(call), project))) {
    if (!call.identity.check({"network_zone", zone.project, zone.name}, "can_view")) continue;
    urls.push_back("/1.0/network-zones/" + url_escape(zone.name));
    objects.push_back(TRY(describe(call, zone)));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_zone(Call& call) {
  std::string project = TRY(zone_project(call));
  auto request = TRY(call.body<api::NetworkZonesPost>());
  auto made = network::zone::create(environment(call), project, request);
  // This collection's own way to say conflict.
  if (!made && made.error().code() == Code::conflict) return fail(Code::invalid, "The network zone already exists");
  TRY(refused_as_500(std::move(made)));
  std::string url = network_url("network-zones/" + url_escape(request.name), project);
  network_event(call, project, "network-zone-created", url);
  return created(url);
}

Result<Reply> get_zone(Call& call) {
  Zone zone = TRY(find_zone(call));
  return ok(TRY(describe(call, zone)), zone_etag(zone));
}

Result<Reply> change_zone(Call& call, bool merge) {
  Zone zone = TRY(find_zone(call));
  TRY(call.check_etag(zone_etag(zone)));
  api::NetworkZonePut put;
  if (merge) put = zone;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (merge) put.config.insert(zone.config.begin(), zone.config.end());
  TRY(refused_as_500(network::zone::update(environment(call), zone, put)));
  network_event(call, zone.project, "network-zone-updated", zone_url(zone));
  return ok();
}
Result<Reply> put_zone(Call& call) { return change_zone(call, false); }
Result<Reply> patch_zone(Call& call) { return change_zone(call, true); }

Result<Reply> delete_zone(Call& call) {
  Zone zone = TRY(find_zone(call));
  TRY(network::zone::remove(environment(call), zone));
  network_event(call, zone.project, "network-zone-deleted", zone_url(zone));
  return ok();
}

Result<Reply> list_records(Call& call) {
  Zone zone = TRY(find_zone(call));
  StringList urls, objects;
  for (const ZoneRecord& record : TRY(network::zone::load_records(environment(call), zone))) {
    urls.push_back("/1.0/network-zones/" + url_escape(zone.name) + "/records/" + url_escape(record.name));
    objects.push_back(describe(record));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> create_record(Call& call) {
  Zone zone = TRY(find_zone(call));
  auto request = TRY(call.body<api::NetworkZoneRecordsPost>());
  TRY(refused_as_500(network::zone::create_record(environment(call), zone, request)));
  std::string url = record_url(zone, request.name);
  network_event(call, zone.project, "network-zone-record-created", url);
  return created(url);
}

Result<Reply> get_record(Call& call) {
  Zone zone = TRY(find_zone(call));
  std::string text = describe(TRY(network::zone::load_record(environment(call), zone, call.param("name"))));
  return ok(text, etag_of(text));
}

Result<Reply> change_record(Call& call, bool merge) {
  Zone zone = TRY(find_zone(call));
  ZoneRecord record = TRY(network::zone::load_record(environment(call), zone, call.param("name")));
  TRY(call.check_etag(etag_of(describe(record))));
  api::NetworkZoneRecordPut put;
  if (merge) put = record;
  TRY(api::merge_json(put, TRY(api::parse_json(call.request.body))));
  if (merge) put.config.insert(record.config.begin(), record.config.end());
  TRY(refused_as_500(network::zone::update_record(environment(call), zone, record, put)));
  network_event(call, zone.project, "network-zone-record-updated", record_url(zone, record.name));
  return ok();
}
Result<Reply> put_record(Call& call) { return change_record(call, false); }
Result<Reply> patch_record(Call& call) { return change_record(call, true); }

Result<Reply> delete_record(Call& call) {
  Zone zone = TRY(find_zone(call));
  ZoneRecord record = TRY(network::zone::load_record(environment(call), zone, call.param("name")));
  TRY(network::zone::remove_record(environment(call), record));
  network_event(call, zone.project, "network-zone-record-deleted", record_url(zone, record.name));
  return ok();
}

constexpr Access kEdit = allow("network_zone", "can_edit", "zone"), kView = allow("network_zone", "can_view", "zone");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/network-zones", kAuthenticated, kProject, list_zones, "Lists network zones"},
    {Method::post, "/1.0/network-zones", allow("project", "can_create_network_zones"), kProject, create_zone, "Creates a network zone"},
    {Method::delete_, "/1.0/network-zones/{zone}", kEdit, kProject, delete_zone, "Deletes a network zone nobody uses"},
    {Method::get, "/1.0/network-zones/{zone}", kView, kProject, get_zone, "Shows a network zone"},
    {Method::patch, "/1.0/network-zones/{zone}", kEdit, kProject, patch_zone, "Changes a network zone"},
    {Method::put, "/1.0/network-zones/{zone}", kEdit, kProject, put_zone, "Replaces a network zone's settings"},
    {Method::get, "/1.0/network-zones/{zone}/records", kView, kProject, list_records, "Lists a zone's own records"},
    {Method::post, "/1.0/network-zones/{zone}/records", kEdit, kProject, create_record, "Adds a record to a zone"},
    {Method::delete_, "/1.0/network-zones/{zone}/records/{name}", kEdit, kProject, delete_record, "Removes a record"},
    {Method::get, "/1.0/network-zones/{zone}/records/{name}", kView, kProject, get_record, "Shows a record"},
    {Method::patch, "/1.0/network-zones/{zone}/records/{name}", kEdit, kProject, patch_record, "Changes a record"},
    {Method::put, "/1.0/network-zones/{zone}/records/{name}", kEdit, kProject, put_record, "Replaces a record"},
};

}  // namespace

extern const Routes network_zone_routes = kRoutes;

}  // namespace incusd
