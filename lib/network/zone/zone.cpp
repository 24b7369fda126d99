#include "network/zone/zone.h"

#include "config/api_name.h"
#include "config/net_checks.h"
#include "core/project_cache.h"
#include "db/network_records.h"
#include "db/networks.h"
#include "network/user_urls.h"

namespace network::zone {
namespace {

namespace records = db::network_records;

Zone parse(const records::Row& row) {
  Zone zone;
  zone.id = row.id;
  zone.project = row.project;
  zone.name = row.name;
  zone.description = row.description;
  zone.config = row.config;
  return zone;
}

records::Row row_of(const Zone& zone) {
  return {.id = zone.id, .project = zone.project, .name = zone.name, .description = zone.description, .json = {}, .config = zone.config};
}

records::Row row_of(int64_t zone, const Record& record) {
  return {.id = record.id,
          .owner = zone,
          .project = "",
          .name = record.name,
          .description = record.description,
          .json = {api::dump(record.entries), ""},
          .config = record.config};
}

Result<Record> parse_record(const records::Row& row) {
  Record record;
  record.id = row.id;
  record.name = row.name;
  record.description = row.description;
  record.config = row.config;
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
  records::Filter filter;
  if (!project.empty()) filter.project = project;
  std::vector<Zone> zones;
  for (const auto& row : TRY(env.global.read([&](db::Tx& tx) { return records::load_all(tx, records::kZones, filter); }))) zones.push_back(parse(row));
  return zones;
}

Result<Zone> load(const Environment& env, const std::string& project, const std::string& name) {
  return parse(TRY(env.global.read([&](db::Tx& tx) { return records::load(tx, records::kZones, {.owner = {}, .project = project, .name = name}); })));
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
  TRY(env.global.write([&](db::Tx& tx) { return records::create(tx, records::kZones, row_of(zone)); }));
  return {};
}

Result<> update(const Environment& env, const Zone& zone, const api::NetworkZonePut& put) {
  TRY(check_config(put.config));
  Zone changed = zone;
  static_cast<api::NetworkZonePut&>(changed) = put;
  return env.global.write([&](db::Tx& tx) { return records::update(tx, records::kZones, row_of(changed)); });
}

Result<> remove(const Environment& env, const Zone& zone) {
  if (!TRY(used_by(env, zone.name)).empty()) return fail(Code::invalid, "Cannot delete a zone that is in use");
  return env.global.write([&](db::Tx& tx) { return records::remove(tx, records::kZones, zone.id); });
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
  std::vector<Record> list;
  for (const auto& row : TRY(env.global.read([&](db::Tx& tx) { return records::load_all(tx, records::kZoneRecords, {.owner = zone.id, .project = {}, .name = {}}); })))
    list.push_back(TRY(parse_record(row)));
  return list;
}

Result<Record> load_record(const Environment& env, const Zone& zone, const std::string& name) {
  return parse_record(
      TRY(env.global.read([&](db::Tx& tx) { return records::load(tx, records::kZoneRecords, {.owner = zone.id, .project = {}, .name = name}); })));
}

Result<> create_record(const Environment& env, const Zone& zone, const api::NetworkZoneRecordsPost& request) {
  TRY(check_record(request));
  Record record;
  static_cast<api::NetworkZoneRecordPut&>(record) = request;
  record.name = request.name;
  if (record.name.empty()) return fail(Code::invalid, "Name is required");
  TRY(env.global.write([&](db::Tx& tx) { return records::create(tx, records::kZoneRecords, row_of(zone.id, record)); }));
  return {};
}

Result<> update_record(const Environment& env, const Zone& zone, const Record& record, const api::NetworkZoneRecordPut& put) {
  TRY(check_record(put));
  Record changed = record;
  static_cast<api::NetworkZoneRecordPut&>(changed) = put;
  return env.global.write([&](db::Tx& tx) { return records::update(tx, records::kZoneRecords, row_of(zone.id, changed)); });
}

Result<> remove_record(const Environment& env, const Record& record) {
  return env.global.write([&](db::Tx& tx) { return records::remove(tx, records::kZoneRecords, record.id); });
}

}  // namespace network::zone
