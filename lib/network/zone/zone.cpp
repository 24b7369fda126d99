#include "network/zone/zone.h"

#include "config/api_name.h"
#include "config/net_checks.h"
#include "core/project_cache.h"
#include "db/networks.h"
#include "network/stored.h"
#include "network/user_urls.h"

namespace network::zone {
namespace {

namespace records = db::network_records;

records::Row row_of(int64_t zone, const Record& record) { return to_row(record, {api::dump(record.entries), ""}, zone); }

Result<Record> parse_record(const records::Row& row) {
  Record record = from_row<Record>(row);
  TRY(parse_list(row.json[0], record.entries));
  return record;
}

Result<> check_config(const StringMap& config) {
  for (const auto& [key, value] : config) {
    auto invalid = [&](const Result<>& check) -> Result<> {
      if (value.empty() || check) return {};
      return Failure(check.error().wrap(std::format("Invalid value for config option {}", quote(key))));
    };
    StringList parts = split(key, '.', 3);
    if (key.starts_with("user.") || key == "dns.nameservers" || key == "dns.contact") continue;
    if (key == "network.nat") {
      bool good = is_true(value) || is_false(value);
      TRY(invalid(good ? Result<>() : fail(Code::invalid, "Invalid value for a boolean {}", quote(value))));
    } else if (parts.size() == 3 && parts[0] == "peers" && parts[2] == "address") {
      TRY(invalid(config::is_address(value)));
    } else if (!(parts.size() == 3 && parts[0] == "peers" && parts[2] == "key")) {
      return fail(Code::invalid, "Invalid config option {}", quote(key));
    }
  }
  return {};
}

/// A restricted project may only make zones under the names it was given.
Result<> check_restriction(const Environment& env, const std::string& project, const std::string& name) {
  auto info = TRY(env.projects.get(project));
  std::string allowed = get_or(info.config, "restricted.networks.zones");
  if (!is_true(get_or(info.config, "restricted")) || allowed.empty()) return {};
  for (const std::string& suffix : split_list(allowed))
    if (name == suffix || name.ends_with("." + suffix)) return {};
  return fail(Code::forbidden, "Project isn't allowed to use zone {}", quote(name));
}

Result<> check_entries(const std::vector<api::NetworkZoneRecordEntry>& entries) {
  StringList seen;
  for (const auto& entry : entries) {
    if (entry.type.empty() || entry.value.empty() || entry.value.find_first_of("\r\n") != std::string::npos)
      return fail(Code::invalid, "Bad zone record entry: type and value are required");
    std::string text = entry.type + " " + entry.value;
    if (contains(seen, text)) return fail(Code::invalid, "Duplicate record for type {} and value {}", quote(entry.type), quote(entry.value));
    seen.push_back(text);
  }
  return {};
}

Result<> check_record(const api::NetworkZoneRecordPut& put) {
  for (const auto& [key, value] : put.config)
    if (!key.starts_with("user.")) return fail(Code::invalid, "Invalid config option {}", quote(key));
  return check_entries(put.entries);
}

}  // namespace

Result<std::vector<Zone>> load_all(const Environment& env, const std::string& project) {
  return parse_rows<Zone>(TRY(stored_rows(env, records::kZones, in_project(project))), from_row<Zone>);
}

Result<Zone> load(const Environment& env, const std::string& project, const std::string& name) {
  return from_row<Zone>(TRY(stored_row(env, records::kZones, named(project, name))));
}

Result<> create(const Environment& env, const std::string& project, const api::NetworkZonesPost& request) {
  Zone zone;
  static_cast<api::NetworkZonePut&>(zone) = request;
  zone.project = project;
  zone.name = request.name;
  if (zone.name.empty()) return fail(Code::invalid, "Name is required");
  TRY(config::is_api_name(zone.name));
  TRY(check_restriction(env, project, zone.name));
  TRY(check_config(zone.config));
  TRY(store_new(env, records::kZones, to_row(zone)));
  return {};
}

Result<> update(const Environment& env, const Zone& zone, const api::NetworkZonePut& put) {
  TRY(check_config(put.config));
  Zone changed = zone;
  static_cast<api::NetworkZonePut&>(changed) = put;
  return store_changed(env, records::kZones, to_row(changed));
}

Result<> remove(const Environment& env, const Zone& zone) {
  if (!TRY(used_by(env, zone.name)).empty()) return fail(Code::invalid, "Cannot delete a zone that is in use");
  return remove_stored(env, records::kZones, zone.id);
}

Result<StringList> used_by(const Environment& env, const std::string& name) {
  StringList urls;
  for (const auto& row : TRY(env.global.read([](db::Tx& tx) { return db::networks::load_all(tx); })))
    for (const char* key : {"dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"}) {
      if (!contains(split_list(get_or(row.config, key)), name)) continue;
      urls.push_back(object_url("networks", row.name, row.project));
      break;
    }
  return urls;
}

Result<std::vector<Record>> load_records(const Environment& env, const Zone& zone) {
  return parse_rows<Record>(TRY(stored_rows(env, records::kZoneRecords, {.owner = zone.id, .project = {}, .name = {}})), parse_record);
}

Result<Record> load_record(const Environment& env, const Zone& zone, const std::string& name) {
  return parse_record(TRY(stored_row(env, records::kZoneRecords, {.owner = zone.id, .project = {}, .name = name})));
}

Result<> create_record(const Environment& env, const Zone& zone, const api::NetworkZoneRecordsPost& request) {
  TRY(config::is_api_name(request.name));
  TRY(check_record(request));
  Record record;
  static_cast<api::NetworkZoneRecordPut&>(record) = request;
  record.name = request.name;
  TRY(store_new(env, records::kZoneRecords, row_of(zone.id, record)));
  return {};
}

Result<> update_record(const Environment& env, const Zone& zone, const Record& record, const api::NetworkZoneRecordPut& put) {
  TRY(check_record(put));
  Record changed = record;
  static_cast<api::NetworkZoneRecordPut&>(changed) = put;
  return store_changed(env, records::kZoneRecords, row_of(zone.id, changed));
}

Result<> remove_record(const Environment& env, const Record& record) {
  return remove_stored(env, records::kZoneRecords, record.id);
}

}  // namespace network::zone
